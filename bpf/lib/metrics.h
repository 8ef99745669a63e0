// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Packets and bytes by what became of them, and by direction, on each CPU.
#pragma once

#include "reasons.h"

// As the pod sees it.
enum traffic_direction : __u8 {
	EGRESS = 0,
	INGRESS = 1,
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

#define REASONS 256

// The drop reason (0 for what is forwarded), and 256 more for ingress.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2 * REASONS);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct traffic);
} metrics SEC(".maps");

static __always_inline void count_traffic(enum drop_reason reason, enum traffic_direction direction,
					  __u32 bytes)
{
	__u32 index = direction * REASONS + reason;
	struct traffic *traffic = bpf_map_lookup_elem(&metrics, &index);

	if (!traffic)
		return;
	traffic->packets += 1;
	traffic->bytes += bytes;
}
