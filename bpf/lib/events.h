// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What the datapath tells user space of packets: drops, first packets with their verdicts, traces.
#pragma once

#include "parse.h"
#include "policy.h"

#define EVENT_RING_BYTES (4 * 1024 * 1024)
#define MAX_CAPTURE_BYTES 48

// Cilium's numbers, as far as it has them.
enum flow_event_kind : __u8 {
	EVENT_DROP = 1,
	EVENT_TRACE = 4,
};

enum observation_point : __u8 {
	TO_ENDPOINT = 0,
	TO_PROXY = 1,
	TO_STACK = 3,
	FROM_ENDPOINT = 5,
	// From the host's stack to a pod, before it is decided what becomes of the packet.
	FROM_STACK = 8,
};

enum flow_state : __u8 {
	STATE_NEW = 0,
	STATE_ESTABLISHED = 1,
	STATE_REPLY = 2,
	STATE_RELATED = 3,
	STATE_UNKNOWN = 5,
};

// One event tells all of a packet: Hubble's flows for a first packet between two pods of a node
// (two verdicts and a trace) come of one. Pairs are of the packet's source and destination, or of
// egress and ingress.
struct flow_event {
	// Since boot, as CLOCK_MONOTONIC counts.
	__u64 time_ns;
	__u32 identity[2];
	// Of the entries that decided.
	__u32 cookie[2];
	// Of the whole packet.
	__u32 length;
	__u16 slot[2];
	// Of ICMP, its type and its code.
	__u16 source_port;
	__u16 destination_port;
	enum flow_event_kind kind;
	enum drop_reason reason;
	// Where it went; for drops, where it came from.
	enum observation_point point;
	__u8 captured;
	// What was judged for this packet; not what had been judged before.
	enum verdict verdict[2];
	__u8 shape[2];
	__u8 protocol;
	__u8 tcp_flags;
	enum family family;
	enum flow_state state;
	struct address source;
	struct address destination;
	__u8 packet[MAX_CAPTURE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EVENT_RING_BYTES);
	__uint(pinning, PIN_BY_NAME);
	// What readers find in it; the kernel is not told.
	__type(value, struct flow_event);
} flow_events SEC(".maps");

struct lost_events {
	__u64 drops;
	__u64 traces;
};

// What found the ring full, of each CPU.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct lost_events);
} lost_events SEC(".maps");

// How much is told of what passes: `none` tells of each packet twice, as it comes and as it goes;
// `low` once; `medium` of the first of a flow, of SYN, FIN and RST, and then of one in an interval
// for each direction; `maximum` without the interval.
enum aggregation : __u8 {
	AGGREGATE_NONE = 0,
	AGGREGATE_LOW = 1,
	AGGREGATE_MEDIUM = 2,
	AGGREGATE_MAXIMUM = 3,
};

SETTING enum aggregation aggregation = AGGREGATE_MEDIUM;
// In jiffies.
SETTING __u32 trace_interval = 5 * 250;

// What has been decided of a packet.
struct decision {
	// By direction.
	struct judgement egress;
	struct judgement ingress;
	__u32 source_identity;
	__u32 destination_identity;
	__u16 source_slot;
	__u16 destination_slot;
	__u16 proxy_port;
	enum drop_reason reason;
	enum flow_state state;
	// Whether the pace of traces lets this one through.
	bool is_told;
};

static __always_inline void count_lost(enum flow_event_kind kind)
{
	__u32 zero = 0;
	struct lost_events *lost = bpf_map_lookup_elem(&lost_events, &zero);

	if (!lost)
		return;
	if (kind == EVENT_DROP)
		lost->drops += 1;
	else
		lost->traces += 1;
}

GLOBAL int tell(struct __sk_buff *packet, const struct headers *headers,
		const struct decision *decision, enum observation_point point)
{
	enum flow_event_kind kind;
	struct flow_event *event;
	__u32 last;

	if (!headers || !decision)
		return 0;
	kind = decision->reason ? EVENT_DROP : EVENT_TRACE;
	event = bpf_ringbuf_reserve(&flow_events, sizeof(*event), 0);
	if (!event) {
		count_lost(kind);
		return 0;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->time_ns = read_time_ns();
	event->identity[0] = decision->source_identity;
	event->identity[1] = decision->destination_identity;
	event->cookie[0] = decision->egress.cookie;
	event->cookie[1] = decision->ingress.cookie;
	event->length = packet->len;
	event->slot[0] = decision->source_slot;
	event->slot[1] = decision->destination_slot;
	event->source_port = headers->source_port;
	event->destination_port = headers->destination_port;
	event->kind = kind;
	event->reason = decision->reason;
	event->point = point;
	event->verdict[0] = decision->egress.verdict;
	event->verdict[1] = decision->ingress.verdict;
	event->shape[0] = decision->egress.shape;
	event->shape[1] = decision->ingress.shape;
	event->protocol = headers->protocol;
	event->tcp_flags = headers->tcp_flags;
	event->family = headers->family;
	event->state = decision->state;
	event->source = headers->source;
	event->destination = headers->destination;
	// The last byte's place, since Linux 6.1 does not take "not 0" for "1 or more".
	last = (packet->len < MAX_CAPTURE_BYTES ? packet->len : MAX_CAPTURE_BYTES) - 1;
	barrier_var(last);
	if (last < MAX_CAPTURE_BYTES &&
	    !bpf_skb_load_bytes(packet, 0, event->packet, last + 1))
		event->captured = last + 1;
	// A reader that comes by itself every millisecond costs less than waking one does.
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	return 0;
}
