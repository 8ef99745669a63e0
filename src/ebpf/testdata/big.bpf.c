// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Thousands of instructions in a row, to time reading, linking and loading.
#include "lib/bpf.h"

#define ROUNDS 1000

__u64 seed = 1;
__u64 result;

SEC("tc")
int big(struct __sk_buff *packet)
{
	__u64 value = seed;

#pragma clang loop unroll(full)
	for (int round = 0; round < ROUNDS; round++) {
		value = value * 6364136223846793005ULL + round;
		value ^= value >> 33;
	}
	result = value;
	return 0;
}

char _license[] SEC("license") = LICENSE;
