// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The least that each type of program can do, and be seen to do.
#include "lib/bpf.h"

SEC("tc")
int empty_tc(struct __sk_buff *packet)
{
	return 0;
}

SEC("xdp")
int empty_xdp(struct xdp_md *packet)
{
	return XDP_PASS;
}

SEC("cgroup/connect4")
int empty_connect4(struct bpf_sock_addr *address)
{
	return 1;
}

SEC("sk_lookup")
int empty_sk_lookup(struct bpf_sk_lookup *lookup)
{
	return SK_PASS;
}

struct question {
	__u32 number;
	__u32 twice;
};

SEC("syscall")
int answer_syscall(struct question *question)
{
	question->twice = 2 * question->number;
	return question->number + 1;
}

char _license[] SEC("license") = LICENSE;
