// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The flows of the node: who began each, who is at its ends, and when it was judged.
#pragma once

#include "node.h"
#include "parse.h"

// What keeps flows apart that have the same addresses and ports.
enum flow_scope : __u8 {
	SCOPE_PLAIN = 0,
};

// One key for both directions: the smaller end, by address and then by port, comes first. An echo
// is keyed as its request: its id is the port of who asks, that of who answers is 0.
struct flow_key {
	struct address low;
	struct address high;
	__u16 low_port;
	__u16 high_port;
	__u8 protocol;
	enum flow_scope scope;
	__u16 unused;
};

enum role : __u8 {
	INITIATOR = 0,
	RESPONDER = 1,
};

enum flow_flag : __u8 {
	FLOW_INITIATOR_IS_HIGH = 1,
	FLOW_REPLY_SEEN = 2,
	// TCP ends: FIN from one side, or RST, which ends both.
	FLOW_CLOSED_BY_INITIATOR = 4,
	FLOW_CLOSED_BY_RESPONDER = 8,
};

#define FLOW_CLOSED (FLOW_CLOSED_BY_INITIATOR | FLOW_CLOSED_BY_RESPONDER)

// By role: the initiator's, the responder's.
struct flow {
	// When it was judged; at another epoch it is judged again.
	__u32 epoch;
	// In jiffies.
	__u32 last_seen;
	__u32 last_told[2];
	__u32 identity[2];
	// 0 for who is not a pod of this node.
	__u16 slot[2];
	// Of the responder, as policy knows it; the type, for ICMP.
	__u16 port;
	// Of the proxy that the initiator's packets go to, or 0.
	__u16 proxy_port;
	enum flow_flag flags;
	// SYN, FIN and RST that have been told of.
	__u8 told_tcp_flags[2];
	__u8 unused;
};

// A storm of datagrams must not push idle TCP connections out.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__uint(pinning, PIN_BY_NAME);
	__type(key, struct flow_key);
	__type(value, struct flow);
} tcp_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__uint(pinning, PIN_BY_NAME);
	__type(key, struct flow_key);
	__type(value, struct flow);
} other_flows SEC(".maps");

struct flow_counts {
	// Not in the place of one that had expired or was over.
	__u64 created;
	// Of TCP, from a packet in the middle of a connection: its entry had been lost.
	__u64 recovered;
	__u64 failed;
};

// Of each CPU, for TCP and for the rest. What was created and is neither there nor was collected
// was evicted.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct flow_counts);
} flow_counts SEC(".maps");

// How long a flow is kept after its last packet, in jiffies. User space knows how long one is.
SETTING __u32 tcp_timeout = 8000 * 250;
// No answer yet.
SETTING __u32 tcp_opening_timeout = 60 * 250;
SETTING __u32 tcp_closing_timeout = 10 * 250;
SETTING __u32 other_timeout = 60 * 250;

// The ends of a flow as a packet has them.
struct tuple {
	struct address source;
	struct address destination;
	__u16 source_port;
	__u16 destination_port;
	__u8 protocol;
};

static __always_inline __u64 word_of(const struct address *address, int index)
{
	__u64 word;

	__builtin_memcpy(&word, address->bytes + 8 * index, sizeof(word));
	return __builtin_bswap64(word);
}

// Whether the source is the smaller end.
static __always_inline bool is_from_low(const struct tuple *tuple)
{
	__u64 source = word_of(&tuple->source, 0);
	__u64 destination = word_of(&tuple->destination, 0);

	if (source == destination) {
		source = word_of(&tuple->source, 1);
		destination = word_of(&tuple->destination, 1);
	}
	if (source == destination) {
		source = tuple->source_port;
		destination = tuple->destination_port;
	}
	return source <= destination;
}

static __always_inline void make_flow_key(struct flow_key *key, const struct tuple *tuple,
					  bool from_low)
{
	__u64 rest;

	key->low = from_low ? tuple->source : tuple->destination;
	key->high = from_low ? tuple->destination : tuple->source;
	// The rest as one word: hashing reads it in larger pieces than its members are, and the
	// processor waits for what was written in smaller ones.
	rest = from_low ? tuple->source_port : tuple->destination_port;
	rest |= (__u64)(from_low ? tuple->destination_port : tuple->source_port) << 16;
	rest |= (__u64)tuple->protocol << 32 | (__u64)SCOPE_PLAIN << 40;
	__builtin_memcpy(&key->low_port, &rest, sizeof(rest));
}

static __always_inline __u32 timeout_of(const struct flow *flow, __u8 protocol)
{
	if (protocol != IPPROTO_TCP)
		return other_timeout;
	if ((flow->flags & FLOW_CLOSED) == FLOW_CLOSED)
		return tcp_closing_timeout;
	return flow->flags & FLOW_REPLY_SEEN ? tcp_timeout : tcp_opening_timeout;
}

static __always_inline bool is_expired(const struct flow *flow, __u8 protocol, __u32 now)
{
	// The other CPU may have seen a later packet than this one has.
	__s32 idle = now - flow->last_seen;

	return idle > (__s32)timeout_of(flow, protocol);
}

// Expired ones, too.
static __always_inline struct flow *find_flow(const struct flow_key *key)
{
	struct flow *flow;

	// Kept apart by the barrier: a call with either map, which the compiler would make of the
	// two, is not replaced by the map's own code, and costs 15 ns more.
	if (key->protocol == IPPROTO_TCP) {
		flow = bpf_map_lookup_elem(&tcp_flows, key);
		barrier_var(flow);
	} else {
		flow = bpf_map_lookup_elem(&other_flows, key);
	}
	return flow;
}

static __always_inline enum role role_of(const struct flow *flow, bool from_low)
{
	bool initiator_is_high = flow->flags & FLOW_INITIATOR_IS_HIGH;

	return from_low == initiator_is_high ? RESPONDER : INITIATOR;
}

static __always_inline void count_flow(__u8 protocol, bool is_renewed, bool is_recovered,
				       bool is_failed)
{
	__u32 index = protocol == IPPROTO_TCP ? 0 : 1;
	struct flow_counts *counts = bpf_map_lookup_elem(&flow_counts, &index);

	if (!counts)
		return;
	if (is_failed) {
		counts->failed += 1;
		return;
	}
	if (!is_renewed)
		counts->created += 1;
	if (is_recovered)
		counts->recovered += 1;
}

// In the place of one that has expired or is over, where it is renewed.
static __always_inline bool keep_flow(const struct flow_key *key, const struct flow *flow,
				      bool is_renewed, bool is_recovered)
{
	long error;

	if (key->protocol == IPPROTO_TCP) {
		error = bpf_map_update_elem(&tcp_flows, key, flow, BPF_ANY);
		barrier_var(error);
	} else {
		error = bpf_map_update_elem(&other_flows, key, flow, BPF_ANY);
	}
	count_flow(key->protocol, is_renewed, is_recovered, error);
	return !error;
}

static __always_inline void see_tcp(struct flow *flow, enum role role, __u8 tcp_flags)
{
	if (tcp_flags & TCP_RST)
		flow->flags |= FLOW_CLOSED;
	else if (tcp_flags & TCP_FIN)
		flow->flags |= role == INITIATOR ? FLOW_CLOSED_BY_INITIATOR :
						   FLOW_CLOSED_BY_RESPONDER;
}

// A packet of the flow has passed.
static __always_inline void see_packet(struct flow *flow, enum role role, __u8 protocol,
				       __u8 tcp_flags, __u32 now)
{
	// A connection anew, on the same ports.
	if (protocol == IPPROTO_TCP && role == INITIATOR && is_first_of_tcp(tcp_flags) &&
	    flow->flags & ~FLOW_INITIATOR_IS_HIGH) {
		flow->flags &= FLOW_INITIATOR_IS_HIGH;
		flow->told_tcp_flags[INITIATOR] = 0;
		flow->told_tcp_flags[RESPONDER] = 0;
	}
	if (role == RESPONDER && !(flow->flags & FLOW_REPLY_SEEN))
		flow->flags |= FLOW_REPLY_SEEN;
	if (protocol == IPPROTO_TCP && tcp_flags & (TCP_FIN | TCP_RST))
		see_tcp(flow, role, tcp_flags);
	// Not written without need: other CPUs read it.
	if (flow->last_seen != now)
		flow->last_seen = now;
}
