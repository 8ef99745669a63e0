// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The pods of this node.
#pragma once

#include "bpf.h"
#include "parse.h"

// The index of a pod's device on the host's side is its slot: an array is 23 ns cheaper than a
// hash, and the agent chooses the index. 0 is no slot.
#define MAX_SLOTS 4096

enum endpoint_flag : __u8 {
	// A slot without it is empty.
	ENDPOINT_IN_USE = 1,
};

struct endpoint {
	// These stand in one aligned word, so that a change of it is seen whole. Of the two policies
	// that of the node's generation holds; they differ while it is about to change. 0 is none yet.
	__u16 policy[2];
	__u32 identity;
	// The epoch when the pod came: flows judged before were somebody else's.
	__u32 since;
	// The agent's number for it, for events.
	__u16 id;
	enum endpoint_flag flags;
	__u8 unused;
	// All zero for a family that it does not have.
	struct address ipv4;
	struct address ipv6;
	__u8 mac[6];
	// Of the device on the host's side, which is what the pod takes for its router.
	__u8 host_mac[6];
	__u32 unused2;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SLOTS);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint);
} endpoints SEC(".maps");

struct local_address {
	__u32 slot;
};

// The slots of pods by their addresses.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2 * MAX_SLOTS);
	__uint(pinning, PIN_BY_NAME);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, struct local_address);
} local_addresses SEC(".maps");

static __always_inline struct endpoint *find_endpoint(__u32 slot)
{
	struct endpoint *endpoint = bpf_map_lookup_elem(&endpoints, &slot);

	return endpoint && endpoint->flags & ENDPOINT_IN_USE ? endpoint : NULL;
}

static __always_inline __u32 find_slot(const struct address *address)
{
	// Linux 6.1 takes no key from memory that a function was handed.
	struct address key = *address;
	struct local_address *local = bpf_map_lookup_elem(&local_addresses, &key);

	return local ? local->slot : 0;
}

static __always_inline const struct address *own_address(const struct endpoint *endpoint,
							 enum family family)
{
	return family == FAMILY_IPV4 ? &endpoint->ipv4 : &endpoint->ipv6;
}
