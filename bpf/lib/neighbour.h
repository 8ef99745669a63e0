// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Whatever a pod asks for by ARP or neighbour discovery is its host: all goes through there.
#pragma once

#include "endpoint.h"
#include "reasons.h"

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2
#define NEIGHBOUR_HOP_LIMIT 255
#define PACKET_HOST 0

enum neighbour_message : __u8 {
	MULTICAST_LISTENER_QUERY = 130,
	MULTICAST_LISTENER_DONE = 132,
	ROUTER_SOLICITATION = 133,
	ROUTER_ADVERTISEMENT = 134,
	NEIGHBOUR_SOLICITATION = 135,
	NEIGHBOUR_ADVERTISEMENT = 136,
	NEIGHBOUR_REDIRECT = 137,
	MULTICAST_LISTENER_REPORT_V2 = 143,
};

struct arp_packet {
	struct ethhdr ethernet;
	__be16 hardware;
	__be16 network;
	__u8 hardware_bytes;
	__u8 network_bytes;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender_ip[4];
	__u8 target_mac[6];
	__u8 target_ip[4];
} __attribute__((packed));

// What to do with a packet that concerns neighbours only.
enum neighbour_answer : __u8 {
	// It is no such packet.
	NEIGHBOUR_NONE = 0,
	// It became the answer, which goes back to the pod.
	NEIGHBOUR_ANSWER = 1,
	// Nobody needs it.
	NEIGHBOUR_IGNORE = 2,
	NEIGHBOUR_FORBIDDEN = 3,
};

static __always_inline bool is_same(const void *left, const void *right, __u32 size)
{
	return __builtin_memcmp(left, right, size) == 0;
}

static __always_inline bool is_zero(const __u8 *bytes, int size)
{
	__u8 any = 0;

	for (int index = 0; index < size; index++)
		any |= bytes[index];
	return !any;
}

static __always_inline bool is_arp_request(const struct arp_packet *arp)
{
	return arp->hardware == htons(ARP_ETHERNET) && arp->network == htons(ETH_P_IP) &&
	       arp->hardware_bytes == 6 && arp->network_bytes == 4 &&
	       arp->operation == htons(ARP_REQUEST);
}

// Gratuitous requests and answers of the pod's are for nobody; probes come from 0.0.0.0.
GLOBAL int answer_arp(struct __sk_buff *packet, const struct endpoint *endpoint)
{
	struct arp_packet *arp = (void *)(long)packet->data;
	struct arp_packet answer;

	if (!endpoint)
		return NEIGHBOUR_IGNORE;
	if ((void *)(arp + 1) > (void *)(long)packet->data_end)
		return NEIGHBOUR_FORBIDDEN;
	answer = *arp;
	if (!is_same(answer.ethernet.h_source, endpoint->mac, 6) ||
	    !is_same(answer.sender_mac, endpoint->mac, 6))
		return NEIGHBOUR_FORBIDDEN;
	if (!is_same(answer.sender_ip, endpoint->ipv4.bytes + 12, 4) &&
	    !is_zero(answer.sender_ip, 4))
		return NEIGHBOUR_FORBIDDEN;
	if (!is_arp_request(&answer) || is_same(answer.target_ip, endpoint->ipv4.bytes + 12, 4) ||
	    is_zero(answer.sender_ip, 4))
		return NEIGHBOUR_IGNORE;
	answer.operation = htons(ARP_REPLY);
	__builtin_memcpy(answer.ethernet.h_dest, endpoint->mac, 6);
	__builtin_memcpy(answer.ethernet.h_source, endpoint->host_mac, 6);
	__builtin_memcpy(answer.target_mac, arp->sender_mac, 6);
	__builtin_memcpy(answer.target_ip, arp->sender_ip, 4);
	__builtin_memcpy(answer.sender_ip, arp->target_ip, 4);
	__builtin_memcpy(answer.sender_mac, endpoint->host_mac, 6);
	if (bpf_skb_store_bytes(packet, 0, &answer, sizeof(answer), 0))
		return NEIGHBOUR_IGNORE;
	bpf_skb_change_type(packet, PACKET_HOST);
	return NEIGHBOUR_ANSWER;
}

// A solicitation or an advertisement with the one option that it usually has.
struct neighbour_packet {
	struct ethhdr ethernet;
	struct ipv6hdr ip;
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 flags;
	struct address target;
	__u8 option_type;
	__u8 option_length;
	__u8 option_mac[6];
} __attribute__((packed));

#define NEIGHBOUR_OPTION_BYTES 8
#define NEIGHBOUR_MESSAGE_BYTES 32
#define OPTION_TARGET_MAC 2
#define ADVERTISEMENT_SOLICITED 0x40
#define ADVERTISEMENT_OVERRIDE 0x20

static __always_inline __u16 fold_checksum(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static __always_inline __u16 neighbour_checksum(struct neighbour_packet *message)
{
	__be32 rest[] = { htonl(NEIGHBOUR_MESSAGE_BYTES), htonl(IPPROTO_ICMPV6) };
	__be32 words[16];
	__s64 sum;

	__builtin_memcpy(words, &message->ip.saddr, 16);
	__builtin_memcpy(words + 4, &message->ip.daddr, 16);
	__builtin_memcpy(words + 8, &message->type, NEIGHBOUR_MESSAGE_BYTES);
	sum = bpf_csum_diff(NULL, 0, words, sizeof(words), 0);
	return fold_checksum(bpf_csum_diff(NULL, 0, rest, sizeof(rest), sum));
}

GLOBAL int answer_solicitation(struct __sk_buff *packet, const struct endpoint *endpoint)
{
	struct neighbour_packet message = {};
	const __u32 without_option = sizeof(message) - NEIGHBOUR_OPTION_BYTES;

	if (!endpoint)
		return NEIGHBOUR_IGNORE;
	if (bpf_skb_load_bytes(packet, 0, &message, without_option))
		return NEIGHBOUR_FORBIDDEN;
	// Extension headers have no place before it.
	if (message.ip.nexthdr != IPPROTO_ICMPV6 || message.code != 0)
		return NEIGHBOUR_FORBIDDEN;
	// The pod looks for its own address, to see whether somebody else has it.
	if (is_zero((__u8 *)&message.ip.saddr, 16) ||
	    is_same(&message.target, &endpoint->ipv6, sizeof(message.target)))
		return NEIGHBOUR_IGNORE;
	message.ip.daddr = message.ip.saddr;
	__builtin_memcpy(&message.ip.saddr, &message.target, sizeof(message.target));
	message.ip.payload_len = htons(NEIGHBOUR_MESSAGE_BYTES);
	message.type = NEIGHBOUR_ADVERTISEMENT;
	message.flags = ADVERTISEMENT_SOLICITED | ADVERTISEMENT_OVERRIDE;
	message.option_type = OPTION_TARGET_MAC;
	message.option_length = 1;
	__builtin_memcpy(message.option_mac, endpoint->host_mac, 6);
	__builtin_memcpy(message.ethernet.h_dest, endpoint->mac, 6);
	__builtin_memcpy(message.ethernet.h_source, endpoint->host_mac, 6);
	message.checksum = 0;
	message.checksum = neighbour_checksum(&message);
	if (bpf_skb_change_tail(packet, sizeof(message), 0) ||
	    bpf_skb_store_bytes(packet, 0, &message, sizeof(message), 0))
		return NEIGHBOUR_IGNORE;
	bpf_skb_change_type(packet, PACKET_HOST);
	return NEIGHBOUR_ANSWER;
}

static __always_inline bool is_multicast_listener(__u8 type)
{
	return (type >= MULTICAST_LISTENER_QUERY && type <= MULTICAST_LISTENER_DONE) ||
	       type == MULTICAST_LISTENER_REPORT_V2;
}

static __always_inline bool is_between_neighbours(__u8 type)
{
	return (type >= ROUTER_SOLICITATION && type <= NEIGHBOUR_REDIRECT) ||
	       is_multicast_listener(type);
}

// Of ICMPv6 that a pod sends.
static __always_inline enum neighbour_answer answer_neighbour(struct __sk_buff *packet,
							      const struct endpoint *endpoint,
							      __u8 type)
{
	if (type == NEIGHBOUR_SOLICITATION)
		return answer_solicitation(packet, endpoint);
	if (type == ROUTER_SOLICITATION || type == NEIGHBOUR_ADVERTISEMENT ||
	    is_multicast_listener(type))
		return NEIGHBOUR_IGNORE;
	if (type == ROUTER_ADVERTISEMENT || type == NEIGHBOUR_REDIRECT)
		return NEIGHBOUR_FORBIDDEN;
	return NEIGHBOUR_NONE;
}
