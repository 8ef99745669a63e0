// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Writes as many events into a ring buffer as it is told, to time and to check its readers.
#include "lib/bpf.h"

#define RING_BYTES (16 * 1024 * 1024)
#define MAX_EVENTS_PER_RUN (1 << 20)

SETTING __u32 events_per_run = 1000;
// For bpf_ringbuf_submit: BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP, or 0 for as needed.
SETTING __u64 submit_flags = BPF_RB_NO_WAKEUP;

struct event {
	// Counts up over all runs, events that were lost included.
	__u64 sequence;
	__u64 words[15];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
	__type(value, struct event);
} ring SEC(".maps");

// Events that found the ring full.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

__u64 sequence;

static long write_event(__u32 index, void *context)
{
	struct event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);
	__u64 number = sequence++;
	__u32 zero = 0;
	__u64 *count;

	if (!event) {
		count = bpf_map_lookup_elem(&lost, &zero);
		if (count)
			*count += 1;
		return 0;
	}
	event->sequence = number;
	for (int word = 0; word < 15; word++)
		event->words[word] = number ^ word;
	bpf_ringbuf_submit(event, submit_flags);
	return 0;
}

SEC("tc")
int write_events(struct __sk_buff *packet)
{
	if (events_per_run > MAX_EVENTS_PER_RUN)
		return -1;
	return bpf_loop(events_per_run, write_event, NULL, 0);
}

char _license[] SEC("license") = LICENSE;
