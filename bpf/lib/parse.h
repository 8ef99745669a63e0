// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Headers of a packet, from Ethernet to ports, as numbers in host order. Every read is checked
// against the end of what is linear; a header that is cut off leaves what comes after it zero.
#pragma once

#include "bpf.h"
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define ntohs(value) __builtin_bswap16(value)
#define htons(value) __builtin_bswap16(value)

// Extension headers that are followed before ports; senders that are sound use one or two.
#define MAX_IPV6_EXTENSIONS 4

// At most 40 bytes, in words.
#define MAX_IPV4_OPTION_BYTES_MASK 0x3c

// Bits of an IPv4 header's fragment field.
#define FRAGMENT_OFFSET_MASK 0x1fff

enum family : __u8 {
	FAMILY_OTHER = 0,
	FAMILY_IPV4 = 4,
	FAMILY_IPV6 = 6,
};

// An address of either family; IPv4 is ::ffff:a.b.c.d.
struct address {
	__u8 bytes[16];
};

struct headers {
	struct address source;
	struct address destination;
	// Of ICMP, its type and its code. Zero for later fragments.
	__u16 source_port;
	__u16 destination_port;
	enum family family;
	// The last header, past IPv6's extensions.
	__u8 protocol;
	__u8 tcp_flags;
};

// Where reading is. `end` never moves.
struct cursor {
	void *at;
	void *end;
};

static __always_inline void *take(struct cursor *cursor, __u32 size)
{
	void *header = cursor->at;

	if (header + size > cursor->end)
		return NULL;
	cursor->at = header + size;
	return header;
}

static __always_inline void map_ipv4(struct address *address, __be32 ipv4)
{
	__builtin_memset(address->bytes, 0, 10);
	__builtin_memset(address->bytes + 10, 0xff, 2);
	__builtin_memcpy(address->bytes + 12, &ipv4, sizeof(ipv4));
}

// Answers whether ports follow.
static __always_inline bool parse_ipv4(struct cursor *cursor, struct headers *headers)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u32 options;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return false;
	headers->family = FAMILY_IPV4;
	headers->protocol = ip->protocol;
	map_ipv4(&headers->source, ip->saddr);
	map_ipv4(&headers->destination, ip->daddr);
	options = ip->ihl * 4 - sizeof(*ip);
	// The compiler knows that this changes nothing; the verifier needs it.
	barrier_var(options);
	if (!take(cursor, options & MAX_IPV4_OPTION_BYTES_MASK))
		return false;
	return (ntohs(ip->frag_off) & FRAGMENT_OFFSET_MASK) == 0;
}

// The first bytes of ICMP and ICMPv6; <linux/icmp.h> needs the C library.
struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

// What all of IPv6's extension headers begin with; a fragment's second byte is reserved.
struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment_offset;
	__u32 rest;
};

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

// Answers whether ports follow.
static __always_inline bool parse_ipv6(struct cursor *cursor, struct headers *headers)
{
	struct ipv6hdr *ip = take(cursor, sizeof(*ip));
	__u8 protocol;

	if (!ip || ip->version != 6)
		return false;
	headers->family = FAMILY_IPV6;
	__builtin_memcpy(&headers->source, &ip->saddr, sizeof(headers->source));
	__builtin_memcpy(&headers->destination, &ip->daddr, sizeof(headers->destination));
	protocol = ip->nexthdr;
	for (int index = 0; index < MAX_IPV6_EXTENSIONS && is_extension(protocol); index++) {
		struct extension *extension = take(cursor, sizeof(*extension));
		__u8 next;

		headers->protocol = protocol;
		if (!extension)
			return false;
		next = extension->next;
		// Three bits of flags are below the offset.
		if (protocol == IPPROTO_FRAGMENT && ntohs(extension->fragment_offset) >> 3 != 0) {
			headers->protocol = next;
			return false;
		}
		// A fragment header has no length; the other's counts what is over 8 bytes.
		if (protocol != IPPROTO_FRAGMENT && !take(cursor, extension->length * 8))
			return false;
		protocol = next;
	}
	headers->protocol = protocol;
	return !is_extension(protocol);
}

static __always_inline void parse_ports(struct cursor *cursor, struct headers *headers)
{
	struct tcphdr *tcp = cursor->at;
	struct udphdr *udp = cursor->at;
	struct icmp *icmp = cursor->at;

	switch (headers->protocol) {
	case IPPROTO_TCP:
		if (!take(cursor, sizeof(*tcp)))
			return;
		headers->source_port = ntohs(tcp->source);
		headers->destination_port = ntohs(tcp->dest);
		headers->tcp_flags = ((__u8 *)tcp)[13];
		return;
	case IPPROTO_UDP:
		if (!take(cursor, sizeof(*udp)))
			return;
		headers->source_port = ntohs(udp->source);
		headers->destination_port = ntohs(udp->dest);
		return;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!take(cursor, sizeof(*icmp)))
			return;
		headers->source_port = icmp->type;
		headers->destination_port = icmp->code;
		return;
	}
}

// `headers` must be zero before.
static __always_inline void parse(struct __sk_buff *packet, struct headers *headers)
{
	struct cursor cursor = {
		.at = (void *)(long)packet->data,
		.end = (void *)(long)packet->data_end,
	};
	struct ethhdr *ethernet = take(&cursor, sizeof(*ethernet));
	bool has_ports = false;

	if (!ethernet)
		return;
	if (ethernet->h_proto == htons(ETH_P_IP))
		has_ports = parse_ipv4(&cursor, headers);
	else if (ethernet->h_proto == htons(ETH_P_IPV6))
		has_ports = parse_ipv6(&cursor, headers);
	if (has_ports)
		parse_ports(&cursor, headers);
}
