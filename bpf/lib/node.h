// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What is one for the node: settings, the epoch, and the clock.
#pragma once

#include "bpf.h"

// Identities that are the same in every cluster.
#define IDENTITY_HOST 1
#define IDENTITY_WORLD 2

// Of addresses that no prefix covers.
SETTING __u32 world_ipv4_identity = IDENTITY_WORLD;
SETTING __u32 world_ipv6_identity = IDENTITY_WORLD;

// What a pod may do until its first policy is in place: nothing, or everything.
SETTING bool is_open_without_policy = false;

struct node_state {
	// Raised after every change that may turn an allow into something else; flows that were
	// judged at another epoch are judged again. Never 0.
	__u32 epoch;
	// Whichever of an endpoint's two policies holds is the one of this parity. So a change of many
	// pods' policies takes effect by one write.
	__u32 generation;
} __attribute__((aligned(8)));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct node_state);
} node_states SEC(".maps");

// To be read once for a packet, and before policy is looked at: what changes in between is then
// seen at the next packet.
static __always_inline struct node_state read_node_state(void)
{
	struct node_state state = {};
	__u32 zero = 0;
	__u64 *both = bpf_map_lookup_elem(&node_states, &zero);
	__u64 word = both ? *(volatile __u64 *)both : 0;

	__builtin_memcpy(&state, &word, sizeof(state));
	return state;
}

// For tests: where not 0, what the clocks say.
volatile __u64 fixed_jiffies = 0;
volatile __u64 fixed_time_ns = 0;

// Costs nothing where reading a real clock costs 30 ns. Differences count, so that 32 bits do.
static __always_inline __u32 read_jiffies(void)
{
	return fixed_jiffies ? fixed_jiffies : bpf_jiffies64();
}

static __always_inline __u64 read_time_ns(void)
{
	return fixed_time_ns ? fixed_time_ns : bpf_ktime_get_ns();
}
