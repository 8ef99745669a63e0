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

#define SCTP_HEADER_BYTES 12

#define ntohs(value) __builtin_bswap16(value)
#define htons(value) __builtin_bswap16(value)
#define ntohl(value) __builtin_bswap32(value)
#define htonl(value) __builtin_bswap32(value)

// Extension headers that are followed before ports; senders that are sound use one or two.
#define MAX_IPV6_EXTENSIONS 4

// At most 40 bytes, in words.
#define MAX_IPV4_OPTION_BYTES_MASK 0x3c

// Bits of an IPv4 header's fragment field.
#define FRAGMENT_OFFSET_MASK 0x1fff
#define MORE_FRAGMENTS 0x2000

enum family : __u8 {
	FAMILY_OTHER = 0,
	FAMILY_IPV4 = 4,
	FAMILY_IPV6 = 6,
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

// An address of either family; IPv4 is ::ffff:a.b.c.d.
// Aligned, so that it is copied and compared in two words; the compiler would take 16 bytes.
struct address {
	__u8 bytes[16];
} __attribute__((aligned(8)));

enum fragment : __u8 {
	NOT_FRAGMENTED = 0,
	FIRST_FRAGMENT = 1,
	LATER_FRAGMENT = 2,
};

enum parsed : __u8 {
	PARSED = 0,
	PARSED_NO_IP = 1,
	// Ends before its headers do, or they are none.
	PARSED_BROKEN = 2,
	PARSED_TOO_MANY_EXTENSIONS = 3,
};

struct headers {
	struct address source;
	struct address destination;
	// Of ICMP, its type and its code. Zero for later fragments.
	__u16 source_port;
	__u16 destination_port;
	// Of an ICMP echo.
	__u16 echo_id;
	// Where the last header begins, counted from the packet's start.
	__u16 transport_at;
	__u32 fragment_id;
	enum fragment fragment;
	// What all fragments of the packet say that it begins with: for IPv6 that may be an extension.
	__u8 fragment_protocol;
	enum family family;
	// The last header, past IPv6's extensions.
	__u8 protocol;
	__u8 tcp_flags;
};

static __always_inline bool is_first_of_tcp(__u8 tcp_flags)
{
	return (tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

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
	// Written in the words in which it is read: the processor waits for anything else.
	__u64 words[2] = { 0, 0xffff0000 | (__u64)ipv4 << 32 };

	__builtin_memcpy(address, words, sizeof(words));
}

static __always_inline enum fragment fragment_of(__u16 offset, bool is_more)
{
	if (offset)
		return LATER_FRAGMENT;
	return is_more ? FIRST_FRAGMENT : NOT_FRAGMENTED;
}

static __always_inline enum parsed parse_ipv4(struct cursor *cursor, struct headers *headers)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	__u16 fragment;
	__u32 options;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return PARSED_BROKEN;
	headers->family = FAMILY_IPV4;
	headers->protocol = ip->protocol;
	map_ipv4(&headers->source, ip->saddr);
	map_ipv4(&headers->destination, ip->daddr);
	fragment = ntohs(ip->frag_off);
	if (fragment & (FRAGMENT_OFFSET_MASK | MORE_FRAGMENTS)) {
		headers->fragment = fragment_of(fragment & FRAGMENT_OFFSET_MASK, fragment & MORE_FRAGMENTS);
		headers->fragment_id = ntohs(ip->id);
		headers->fragment_protocol = ip->protocol;
	}
	options = ip->ihl * 4 - sizeof(*ip);
	// The compiler knows that this changes nothing; the verifier needs it.
	barrier_var(options);
	return take(cursor, options & MAX_IPV4_OPTION_BYTES_MASK) ? PARSED : PARSED_BROKEN;
}

// The first bytes of ICMP and ICMPv6; <linux/icmp.h> needs the C library.
struct icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	// Of an echo, its id and its sequence number.
	__be16 id;
	__be16 sequence;
};

// What all of IPv6's extension headers begin with; a fragment's second byte is reserved.
struct extension {
	__u8 next;
	__u8 length;
	// Three bits of flags are below the offset.
	__be16 fragment_offset;
	__be32 fragment_id;
};

static __always_inline bool is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

static __always_inline enum parsed parse_ipv6(struct cursor *cursor, struct headers *headers)
{
	struct ipv6hdr *ip = take(cursor, sizeof(*ip));
	__u8 protocol;

	if (!ip || ip->version != 6)
		return PARSED_BROKEN;
	headers->family = FAMILY_IPV6;
	__builtin_memcpy(&headers->source, &ip->saddr, sizeof(headers->source));
	__builtin_memcpy(&headers->destination, &ip->daddr, sizeof(headers->destination));
	protocol = ip->nexthdr;
	for (int index = 0; index < MAX_IPV6_EXTENSIONS && is_extension(protocol); index++) {
		struct extension *extension = take(cursor, sizeof(*extension));
		__u8 next;

		headers->protocol = protocol;
		if (!extension)
			return PARSED_BROKEN;
		next = extension->next;
		if (protocol == IPPROTO_FRAGMENT) {
			__u16 offset = ntohs(extension->fragment_offset);

			headers->fragment = fragment_of(offset >> 3, offset & 1);
			headers->fragment_id = ntohl(extension->fragment_id);
			headers->fragment_protocol = next;
			if (headers->fragment == LATER_FRAGMENT) {
				headers->protocol = next;
				return PARSED;
			}
		} else if (!take(cursor, extension->length * 8)) {
			// Length counts what is over 8 bytes.
			return PARSED_BROKEN;
		}
		protocol = next;
	}
	headers->protocol = protocol;
	return is_extension(protocol) ? PARSED_TOO_MANY_EXTENSIONS : PARSED;
}

static __always_inline enum parsed parse_ports(struct cursor *cursor, struct headers *headers)
{
	struct tcphdr *tcp = cursor->at;
	struct udphdr *udp = cursor->at;
	struct icmp *icmp = cursor->at;

	switch (headers->protocol) {
	case IPPROTO_TCP:
		if (!take(cursor, sizeof(*tcp)))
			return PARSED_BROKEN;
		headers->source_port = ntohs(tcp->source);
		headers->destination_port = ntohs(tcp->dest);
		headers->tcp_flags = ((__u8 *)tcp)[13];
		return PARSED;
	// The ports of SCTP stand where those of UDP do.
	case IPPROTO_UDP:
	case IPPROTO_SCTP:
		if (!take(cursor, headers->protocol == IPPROTO_UDP ? sizeof(*udp) : SCTP_HEADER_BYTES))
			return PARSED_BROKEN;
		headers->source_port = ntohs(udp->source);
		headers->destination_port = ntohs(udp->dest);
		return PARSED;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (!take(cursor, sizeof(*icmp)))
			return PARSED_BROKEN;
		headers->source_port = icmp->type;
		headers->destination_port = icmp->code;
		headers->echo_id = ntohs(icmp->id);
		return PARSED;
	}
	return PARSED;
}

// `headers` must be zero before.
static __always_inline enum parsed parse(struct __sk_buff *packet, struct headers *headers)
{
	struct cursor cursor = {
		.at = (void *)(long)packet->data,
		.end = (void *)(long)packet->data_end,
	};
	struct ethhdr *ethernet = take(&cursor, sizeof(*ethernet));
	enum parsed parsed = PARSED_NO_IP;

	if (!ethernet)
		return PARSED_BROKEN;
	if (ethernet->h_proto == htons(ETH_P_IP))
		parsed = parse_ipv4(&cursor, headers);
	else if (ethernet->h_proto == htons(ETH_P_IPV6))
		parsed = parse_ipv6(&cursor, headers);
	if (parsed || headers->fragment == LATER_FRAGMENT)
		return parsed;
	headers->transport_at = cursor.at - (void *)(long)packet->data;
	return parse_ports(&cursor, headers);
}
