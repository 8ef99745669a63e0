// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Which flow an ICMP message belongs to.
#pragma once

#include "conntrack.h"

#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER_PROBLEM 12
#define ICMPV6_ERRORS_END 128
#define ICMPV6_ECHO 128
#define ICMPV6_ECHO_REPLY 129

#define ICMP_HEADER_BYTES 8

enum icmp_meaning : __u8 {
	// Neither asked for nor an answer: judged by its type, each by itself.
	ICMP_SINGLE = 0,
	ICMP_ASKS = 1,
	ICMP_ANSWERS = 2,
	// About a packet, the beginning of which it has in it.
	ICMP_REPORTS = 3,
};

static __always_inline enum icmp_meaning meaning_of(__u8 protocol, __u8 type)
{
	if (protocol == IPPROTO_ICMPV6) {
		if (type < ICMPV6_ERRORS_END)
			return ICMP_REPORTS;
		if (type == ICMPV6_ECHO)
			return ICMP_ASKS;
		return type == ICMPV6_ECHO_REPLY ? ICMP_ANSWERS : ICMP_SINGLE;
	}
	if (type == ICMP_ECHO)
		return ICMP_ASKS;
	if (type == ICMP_ECHO_REPLY)
		return ICMP_ANSWERS;
	return type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED ||
			       type == ICMP_PARAMETER_PROBLEM ?
		       ICMP_REPORTS :
		       ICMP_SINGLE;
}

// The first bytes of any transport that has ports, or of ICMP.
union transport_start {
	struct {
		__be16 source;
		__be16 destination;
		__be32 rest;
	} ports;
	struct icmp icmp;
};

static __always_inline bool set_ports(struct tuple *tuple, const union transport_start *start)
{
	enum icmp_meaning meaning;
	__u16 id;

	switch (tuple->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		tuple->source_port = ntohs(start->ports.source);
		tuple->destination_port = ntohs(start->ports.destination);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		meaning = meaning_of(tuple->protocol, start->icmp.type);
		id = ntohs(start->icmp.id);
		tuple->source_port = meaning == ICMP_ASKS ? id : 0;
		tuple->destination_port = meaning == ICMP_ANSWERS ? id : 0;
		return meaning == ICMP_ASKS || meaning == ICMP_ANSWERS;
	}
	return false;
}

// The tuple of the packet that an ICMP message reports; false where that cannot be told.
GLOBAL int read_reported(struct __sk_buff *packet, const struct headers *headers,
			 struct tuple *tuple)
{
	union transport_start start;
	__u32 at;

	if (!headers || !tuple)
		return false;
	at = headers->transport_at + ICMP_HEADER_BYTES;
	if (headers->family == FAMILY_IPV4) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(packet, at, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
			return false;
		if (ntohs(ip.frag_off) & FRAGMENT_OFFSET_MASK)
			return false;
		map_ipv4(&tuple->source, ip.saddr);
		map_ipv4(&tuple->destination, ip.daddr);
		tuple->protocol = ip.protocol;
		at += ip.ihl * 4;
	} else {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(packet, at, &ip, sizeof(ip)) || ip.version != 6)
			return false;
		__builtin_memcpy(&tuple->source, &ip.saddr, sizeof(tuple->source));
		__builtin_memcpy(&tuple->destination, &ip.daddr, sizeof(tuple->destination));
		tuple->protocol = ip.nexthdr;
		at += sizeof(ip);
	}
	if (bpf_skb_load_bytes(packet, at, &start, sizeof(start)))
		return false;
	return set_ports(tuple, &start);
}
