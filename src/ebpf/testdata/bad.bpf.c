// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// A sound object that the verifier refuses: tests look for the line below in its log.
#include "lib/bpf.h"

SEC("tc")
int out_of_bounds(struct __sk_buff *packet)
{
	unsigned char *data = (void *)(long)packet->data;

	return data[14]; // nobody has compared this with data_end
}

char _license[] SEC("license") = LICENSE;
