// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Who is at an address that is not a pod's of this node.
#pragma once

#include "endpoint.h"
#include "node.h"

// The family comes first, so that ::/0 covers no IPv4 address.
struct prefix {
	// In bits, those of the family included: 32 for any address of it.
	__u32 length;
	__u32 family;
	struct address address;
};

#define PREFIX_BITS_OF_ADDRESS (32 + 128)

struct peer {
	__u32 identity;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__uint(pinning, PIN_BY_NAME);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, struct peer);
} ipcache SEC(".maps");

// The second identity of an address: that of its block, where a NetworkPolicy's ipBlock names it.
// Normally empty, and looked at for policies that have such peers only.
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 512000);
	__uint(pinning, PIN_BY_NAME);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, struct peer);
} blocks SEC(".maps");

static __always_inline void make_prefix(struct prefix *prefix, const struct address *address,
					enum family family)
{
	prefix->length = PREFIX_BITS_OF_ADDRESS;
	prefix->family = family;
	prefix->address = *address;
}

static __always_inline __u32 find_identity(const struct address *address, enum family family)
{
	struct prefix prefix;
	struct peer *peer;

	make_prefix(&prefix, address, family);
	peer = bpf_map_lookup_elem(&ipcache, &prefix);
	if (peer)
		return peer->identity;
	return family == FAMILY_IPV4 ? world_ipv4_identity : world_ipv6_identity;
}

// 0 for none.
static __always_inline __u32 find_block(const struct address *address, enum family family)
{
	struct prefix prefix;
	struct peer *block;

	make_prefix(&prefix, address, family);
	block = bpf_map_lookup_elem(&blocks, &prefix);
	return block ? block->identity : 0;
}
