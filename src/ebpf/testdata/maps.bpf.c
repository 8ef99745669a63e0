// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// One of everything that an object can say: kinds of maps, variables, calls and callbacks. The
// programs answer what tests compare, and write the rest into `result`.
#include "lib/bpf.h"

#define SMALL 16

enum colour {
	COLOUR_RED = 1,
	COLOUR_GREEN = 2,
	COLOUR_BLUE = -3,
};

struct point {
	__s16 x;
	__s16 y;
};

struct limits {
	__u64 bytes;
	struct point corner;
	union {
		__u32 word;
		__u8 parts[4];
	};
	__u8 low : 3;
	__u8 high : 5;
};

// Settings of every kind of type; tests set them by their names.
SETTING __u8 setting_u8 = 8;
SETTING __s16 setting_s16 = -16;
SETTING __u32 setting_u32 = 32;
SETTING __s64 setting_s64 = -64;
SETTING __u64 setting_u64 = 64;
SETTING bool setting_bool = true;
SETTING enum colour setting_colour = COLOUR_GREEN;
SETTING __u8 setting_bytes[6] = { 2, 4, 6, 8, 10, 12 };
SETTING char setting_text[8] = "hello";
SETTING __u16 setting_ports[3] = { 80, 443, 8080 };
SETTING struct limits setting_limits = {
	.bytes = 1500,
	.corner = { .x = -1, .y = 7 },
	.word = 0x04030201,
	.low = 5,
	.high = 17,
};

// In .data and .bss; one of each is static, and so local to the file.
__u64 clock_offset = 1000;
static volatile __u32 hidden_data = 7;
__u64 result;
__u32 fired;
static volatile __u32 hidden_bss;

struct flow_key {
	__u32 source;
	__u32 destination;
	__u16 port;
	__u8 protocol;
	__u8 unused;
};

struct flow {
	__u64 packets;
	__u64 bytes;
	enum colour colour;
	struct point points[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} percpu_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct point);
} percpu_points SEC(".maps");

struct prefix {
	__u32 length;
	__u8 address[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} prefixes SEC(".maps");

// Sizes only, no types.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SMALL);
	__uint(key_size, 4);
	__uint(value_size, 24);
} raw SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_INNER_MAP);
	__type(key, __u32);
	__type(value, __u64);
};

struct inner inner_a SEC(".maps");
struct inner inner_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, struct inner);
} array_of_maps SEC(".maps") = {
	.values = { [0] = &inner_a, [2] = &inner_b },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u32);
	__array(values, struct inner);
} hash_of_maps SEC(".maps");

struct timed {
	struct bpf_timer timer;
	__u64 due;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

int tail_first(struct __sk_buff *packet);
int tail_second(struct __sk_buff *packet);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int(struct __sk_buff *));
} tails SEC(".maps") = {
	.values = { [1] = tail_first, [3] = tail_second },
};

// Subprograms live in .text: one of this file alone, one that the verifier judges by itself.
static __noinline int twice(int value)
{
	return value * 2 + hidden_data - 7;
}

__noinline int twice_and_one(int value)
{
	return twice(value) + 1;
}

SEC("tc")
int subprograms(struct __sk_buff *packet)
{
	hidden_bss += 1;
	return twice_and_one(packet->len) + twice(1);
}

SEC("tc")
int settings(struct __sk_buff *packet)
{
	__u32 index = packet->len & 1;

	if (setting_bool)
		result = setting_u64 + setting_s64 + setting_u32 + setting_s16 + setting_u8;
	else
		result = clock_offset;
	if (setting_colour == COLOUR_BLUE)
		return setting_limits.corner.x;
	return setting_bytes[index] + setting_ports[index] + setting_text[index];
}

// A constant that the compiler keeps in a section of its own, by its size.
SEC("tc")
int constants(struct __sk_buff *packet)
{
	const __u8 table[16] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };

	return table[packet->len & 15];
}

struct sum {
	__u64 total;
	__u32 count;
};

static long add_flow(void *map, const struct flow_key *key, struct flow *flow, struct sum *sum)
{
	sum->total += flow->bytes;
	sum->count += 1;
	return 0;
}

SEC("tc")
int for_each(struct __sk_buff *packet)
{
	struct sum sum = {};

	bpf_for_each_map_elem(&flows, add_flow, &sum, 0);
	result = sum.total;
	return sum.count;
}

static long add_index(__u32 index, struct sum *sum)
{
	sum->total += twice(index);
	return 0;
}

SEC("tc")
int looped(struct __sk_buff *packet)
{
	struct sum sum = {};

	bpf_loop(10, add_index, &sum, 0);
	return sum.total;
}

static int on_timer(void *map, __u32 *key, struct timed *timed)
{
	fired += 1;
	return 0;
}

SEC("tc")
int timer(struct __sk_buff *packet)
{
	__u32 zero = 0;
	struct timed *timed = bpf_map_lookup_elem(&timers, &zero);

	if (!timed)
		return -1;
	// 1 is CLOCK_MONOTONIC.
	bpf_timer_init(&timed->timer, &timers, 1);
	bpf_timer_set_callback(&timed->timer, on_timer);
	return bpf_timer_start(&timed->timer, 1000, 0);
}

// A tail call out of a subprogram: what the caller's caller does with its stack must hold. The
// compiler takes -1 for all that this can answer, and must be kept from using that.
static __noinline int jump(struct __sk_buff *packet, __u32 index)
{
	int answer = -1;

	bpf_tail_call(packet, &tails, index);
	barrier_var(answer);
	return answer;
}

SEC("tc")
int tail_first(struct __sk_buff *packet)
{
	return 100 + jump(packet, 3);
}

SEC("tc")
int tail_second(struct __sk_buff *packet)
{
	// The compiler takes a tail call for one that never comes back with anything, so that what is
	// returned here is lost: the trace of having been here is elsewhere.
	result = twice(21);
	return 0;
}

SEC("tc")
int tail_entry(struct __sk_buff *packet)
{
	return 1000 + jump(packet, 1);
}

SEC("tc")
int inner_maps(struct __sk_buff *packet)
{
	__u32 index = packet->mark;
	__u32 zero = 0;
	void *map = bpf_map_lookup_elem(&array_of_maps, &index);
	__u64 *value;

	if (!map)
		map = bpf_map_lookup_elem(&hash_of_maps, &index);
	if (!map)
		return -1;
	value = bpf_map_lookup_elem(map, &zero);
	return value ? *value : -2;
}

SEC("tc")
int lookups(struct __sk_buff *packet)
{
	struct prefix prefix = { .length = 32 };
	__u32 key = 1;
	__u64 *recently = bpf_map_lookup_elem(&recent, &key);
	__u32 *count = bpf_map_lookup_elem(&percpu_counts, &key);
	struct point *point = bpf_map_lookup_elem(&percpu_points, &key);
	__u64 *bytes = bpf_map_lookup_elem(&raw, &key);
	__u32 *found;

	__builtin_memcpy(prefix.address, &packet->mark, sizeof(prefix.address));
	found = bpf_map_lookup_elem(&prefixes, &prefix);
	return (recently ? *recently : 0) + (count ? *count : 0) + (point ? point->x : 0) +
	       (bytes ? bytes[2] : 0) + (found ? *found : 0);
}

// Loaded only by name.
SEC("?xdp.frags")
int optional(struct xdp_md *packet)
{
	return XDP_PASS;
}

char _license[] SEC("license") = LICENSE;
