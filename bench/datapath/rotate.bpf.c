// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// A test run repeats one packet. `rotate` makes it another one each time, of IPv4, and hands it to
// the program that is measured: what the same costs with `pass` is to be subtracted.
#include "lib/bpf.h"
#include <linux/if_ether.h>
#include <linux/ip.h>

#define htons(value) __builtin_bswap16(value)
#define htonl(value) __builtin_bswap32(value)

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} measured SEC(".maps");

// Flows 0 to `flow_count` - 1, in steps that no cache foresees: flow n is from port
// `first_port` + n / `peer_count` to address `first_address` + n % `peer_count`.
struct rotation {
	__u32 next_flow;
	__u32 step;
	__u32 flow_count;
	__u32 peer_count;
	__u32 first_address;
	__u32 first_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rotation);
} rotations SEC(".maps");

SEC("tcx/ingress")
int rotate(struct __sk_buff *packet)
{
	__u32 zero = 0, flow;
	struct rotation *rotation = bpf_map_lookup_elem(&rotations, &zero);
	__be32 address;
	__be16 port;

	if (!rotation)
		return -1;
	flow = rotation->next_flow;
	rotation->next_flow = (flow + rotation->step) % rotation->flow_count;
	address = htonl(rotation->first_address + flow % rotation->peer_count);
	port = htons(rotation->first_port + flow / rotation->peer_count);
	bpf_skb_store_bytes(packet, ETH_HLEN + offsetof(struct iphdr, daddr), &address,
			    sizeof(address), 0);
	bpf_skb_store_bytes(packet, ETH_HLEN + sizeof(struct iphdr), &port, sizeof(port), 0);
	bpf_tail_call(packet, &measured, 0);
	return -1;
}

SEC("tcx/ingress")
int pass(struct __sk_buff *packet)
{
	return -1;
}

char _license[] SEC("license") = LICENSE;
