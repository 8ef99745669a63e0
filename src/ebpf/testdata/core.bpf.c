// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// A program that wants to be fitted to the running kernel's structs, which this project's programs
// never do: a reader of objects has to say so and not load something wrong.
#include "lib/bpf.h"

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct sk_buff {
	struct net_device *dev;
} __attribute__((preserve_access_index));

SEC("tp_btf/netif_receive_skb")
int receive(__u64 *context)
{
	struct sk_buff *packet = (void *)context[0];

	return packet->dev->ifindex;
}

char _license[] SEC("license") = LICENSE;
