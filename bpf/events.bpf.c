// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Watches the packets of a device without touching them: counts them by device and protocol, and
// sends one of so many to a ring buffer. What does not fit into the ring is counted too.
#include "lib/bpf.h"
#include "lib/parse.h"

#define RING_BYTES (1024 * 1024)
#define MAX_COUNTERS 4096

// The packet goes on as if nobody had looked.
#define CONTINUE (-1)

// As seen from the device.
enum direction : __u8 {
	DIRECTION_INGRESS = 0,
	DIRECTION_EGRESS = 1,
};

// One packet of every so many of a CPU becomes an event; 0 for none.
SETTING __u32 sample_every = 1;
// Whether a reader that waits is woken; one that comes by itself every millisecond costs less.
SETTING bool is_reader_woken = false;

struct counter_key {
	__u32 ifindex;
	__u8 protocol;
	__u8 unused[3];
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct event {
	// Since boot, as CLOCK_MONOTONIC counts.
	__u64 time_ns;
	__u32 ifindex;
	// Of the whole packet, headers included.
	__u32 length;
	struct address source;
	struct address destination;
	// Of ICMP, its type and its code. Zero for later fragments.
	__u16 source_port;
	__u16 destination_port;
	enum direction direction;
	enum family family;
	__u8 protocol;
	__u8 tcp_flags;
};

// Read now and then; written with every packet.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_COUNTERS);
	__type(key, struct counter_key);
	__type(value, struct counter);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
	// What readers find in it; the kernel is not told.
	__type(value, struct event);
} events SEC(".maps");

struct sampling {
	// Packets seen since the last event.
	__u32 since_event;
	__u32 unused;
	// Events that found the ring full.
	__u64 lost;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sampling);
} sampling SEC(".maps");

static __always_inline void count(struct __sk_buff *packet, const struct headers *headers)
{
	struct counter_key key = { .ifindex = packet->ifindex, .protocol = headers->protocol };
	struct counter *counter = bpf_map_lookup_elem(&counters, &key);
	struct counter first = { .packets = 1, .bytes = packet->len };

	if (counter) {
		counter->packets += 1;
		counter->bytes += packet->len;
	} else {
		bpf_map_update_elem(&counters, &key, &first, BPF_ANY);
	}
}

static __always_inline bool is_sampled(struct sampling *state)
{
	if (sample_every == 0)
		return false;
	state->since_event += 1;
	if (state->since_event < sample_every)
		return false;
	state->since_event = 0;
	return true;
}

static __always_inline int observe(struct __sk_buff *packet, enum direction direction)
{
	__u64 wake = is_reader_woken ? 0 : BPF_RB_NO_WAKEUP;
	struct headers headers = {};
	struct sampling *state;
	struct event *event;
	__u32 zero = 0;

	parse(packet, &headers);
	count(packet, &headers);
	state = bpf_map_lookup_elem(&sampling, &zero);
	if (!state || !is_sampled(state))
		return CONTINUE;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		state->lost += 1;
		return CONTINUE;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->ifindex = packet->ifindex;
	event->length = packet->len;
	event->source = headers.source;
	event->destination = headers.destination;
	event->source_port = headers.source_port;
	event->destination_port = headers.destination_port;
	event->direction = direction;
	event->family = headers.family;
	event->protocol = headers.protocol;
	event->tcp_flags = headers.tcp_flags;
	bpf_ringbuf_submit(event, wake);
	return CONTINUE;
}

SEC("tcx/ingress")
int observe_ingress(struct __sk_buff *packet)
{
	return observe(packet, DIRECTION_INGRESS);
}

SEC("tcx/egress")
int observe_egress(struct __sk_buff *packet)
{
	return observe(packet, DIRECTION_EGRESS);
}

char _license[] SEC("license") = LICENSE;
