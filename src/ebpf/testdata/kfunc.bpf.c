// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Functions of the kernel that are found by name: one that is there (Linux 6.4 or later) and one
// that nobody has, which the program asks about before it would call it.
#include "lib/bpf.h"

#define KERNEL_FUNCTION __attribute__((section(".ksyms")))
#define WEAK __attribute__((weak))

extern int bpf_dynptr_from_skb(struct __sk_buff *, __u64 flags,
			       struct bpf_dynptr *) KERNEL_FUNCTION;
extern int bpf_no_such_function(int value) KERNEL_FUNCTION WEAK;

SEC("tc")
int kfunc(struct __sk_buff *packet)
{
	struct bpf_dynptr pointer;

	if (bpf_no_such_function)
		return bpf_no_such_function(1);
	return bpf_dynptr_from_skb(packet, 0, &pointer);
}

char _license[] SEC("license") = LICENSE;
