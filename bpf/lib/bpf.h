// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What every program begins with: the kernel's own header, sections, the notation for maps, and
// the helper functions in use. A helper's number is the kernel header's, its signature the one in
// the comments there. Add those that a program needs, and no others.
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#define SEC(name) __attribute__((section(name), used))
// The kernel's header has a weaker one.
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
// Verified by itself, once, whatever calls it: its pointers are to memory of their type, or NULL.
#define GLOBAL __attribute__((noinline))
#define __noinline __attribute__((noinline))

// A program as others may use it, kernel and user alike.
#define LICENSE "Dual BSD/GPL"

// Maps are variables in the section .maps whose types say it all: numbers as lengths of arrays,
// types as types of pointers, contents as members of `values`.
#define __uint(name, value) int(*name)[value]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *name[]

#define PIN_BY_NAME 1

// A variable that is set before the program is loaded, and that the verifier takes for a constant.
#define SETTING volatile const

// Keeps the compiler from merging what must be checked and used as one value.
#define barrier_var(variable) asm volatile("" : "+r"(variable))

// Keeps the compiler from merging what is before it in several branches.
#define barrier() asm volatile("" ::: "memory")

#define HELPER(result, name, ...) \
	static result (*const bpf_##name)(__VA_ARGS__) = (void *)BPF_FUNC_##name

HELPER(void *, map_lookup_elem, void *map, const void *key);
HELPER(long, map_update_elem, void *map, const void *key, const void *value, __u64 flags);
HELPER(long, map_delete_elem, void *map, const void *key);
HELPER(long, for_each_map_elem, void *map, void *callback, void *context, __u64 flags);
HELPER(long, loop, __u32 count, void *callback, void *context, __u64 flags);
HELPER(long, tail_call, void *context, void *programs, __u32 index);

HELPER(void *, ringbuf_reserve, void *ring, __u64 size, __u64 flags);
HELPER(void, ringbuf_submit, void *data, __u64 flags);

HELPER(long, timer_init, struct bpf_timer *timer, void *map, __u64 clock);
HELPER(long, timer_set_callback, struct bpf_timer *timer, void *callback);
HELPER(long, timer_start, struct bpf_timer *timer, __u64 nanoseconds, __u64 flags);

HELPER(__u64, ktime_get_ns, void);
HELPER(__u64, jiffies64, void);

HELPER(long, skb_pull_data, struct __sk_buff *packet, __u32 length);
HELPER(long, skb_load_bytes, const void *packet, __u32 offset, void *to, __u32 length);
HELPER(long, skb_store_bytes, struct __sk_buff *packet, __u32 offset, const void *from,
       __u32 length, __u64 flags);
HELPER(long, skb_change_tail, struct __sk_buff *packet, __u32 length, __u64 flags);
HELPER(long, skb_change_type, struct __sk_buff *packet, __u32 type);
HELPER(__s64, csum_diff, __be32 *from, __u32 from_size, __be32 *to, __u32 to_size, __wsum seed);
HELPER(long, redirect_peer, __u32 ifindex, __u64 flags);
