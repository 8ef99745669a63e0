// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The packets of the pods of a node, at the host's side of each pod's cable: `from_pod` meets what
// the pod sends, `to_pod` what the host's stack sends to it. README.md walks a packet through.
#include "lib/bpf.h"
#include "lib/parse.h"
#include "lib/endpoint.h"
#include "lib/neighbour.h"
#include "lib/fragments.h"
#include "lib/follow.h"

// The packet goes on to whoever is next.
#define CONTINUE (-1)
#define DROP 2

// Headers that are to be linear; most packets' are.
#define LINEAR_BYTES 128

// Packets for a proxy carry its port above this mark.
#define MARK_TO_PROXY 0x200
#define MARK_PORT_SHIFT 16

GLOBAL int drop(struct __sk_buff *packet, const struct headers *headers, struct decision *decision,
		enum drop_reason reason, enum observation_point point)
{
	bool is_ingress;

	if (!headers || !decision)
		return DROP;
	is_ingress = point == FROM_STACK || decision->ingress.verdict == DENIED;
	decision->reason = reason;
	count_traffic(reason, is_ingress ? INGRESS : EGRESS, packet->len);
	tell(packet, headers, decision, point);
	return DROP;
}

static __always_inline void make_linear(struct __sk_buff *packet)
{
	__u32 linear = packet->data_end - packet->data;

	if (linear < LINEAR_BYTES && linear < packet->len)
		bpf_skb_pull_data(packet, packet->len < LINEAR_BYTES ? packet->len : LINEAR_BYTES);
}

// The rare packet whose headers are in pieces.
GLOBAL int parse_again(struct __sk_buff *packet, struct headers *headers)
{
	if (!headers)
		return PARSED_BROKEN;
	__builtin_memset(headers, 0, sizeof(*headers));
	make_linear(packet);
	return parse(packet, headers);
}

// Most packets have their headers in one piece, and their payload elsewhere. To pull some of that in
// would cost 200 ns, since the sender keeps a copy of the packet.
static __always_inline enum parsed parse_packet(struct __sk_buff *packet, struct headers *headers)
{
	enum parsed parsed = parse(packet, headers);

	if (parsed == PARSED_BROKEN && packet->data_end - packet->data < packet->len)
		return parse_again(packet, headers);
	return parsed;
}

static __always_inline enum drop_reason reason_of_parsed(enum parsed parsed)
{
	switch (parsed) {
	case PARSED:
		return NOT_DROPPED;
	case PARSED_NO_IP:
		return DROP_UNSUPPORTED_L3;
	case PARSED_TOO_MANY_EXTENSIONS:
		return DROP_INVALID_IPV6_EXTENSION;
	default:
		return DROP_TRUNCATED_HEADER;
	}
}

static __always_inline bool is_mapped(const struct address *address)
{
	const __u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return is_same(address->bytes, prefix, sizeof(prefix));
}

// IPv4 in IPv6's clothes would pass for an address that it is not.
static __always_inline bool is_disguised(const struct headers *headers)
{
	return headers->family == FAMILY_IPV6 &&
	       (is_mapped(&headers->source) || is_mapped(&headers->destination));
}

static __always_inline bool is_unicast(const struct address *address, enum family family)
{
	if (family == FAMILY_IPV4)
		// 0.0.0.0/8, 127.0.0.0/8, and all from 224.0.0.0 on.
		return address->bytes[12] != 0 && address->bytes[12] != 127 &&
		       address->bytes[12] < 224;
	if (address->bytes[0] == 0xff)
		return false;
	// :: and ::1.
	return !is_zero(address->bytes, 15) || address->bytes[15] > 1;
}

// The record of a pod without IPv6 has zeros, which are no address of its own.
static __always_inline bool is_own(const struct endpoint *endpoint, const struct address *address,
				   enum family family)
{
	return is_same(address, own_address(endpoint, family), sizeof(*address)) &&
	       (family == FAMILY_IPV4 || !is_zero(address->bytes, sizeof(*address)));
}

static __always_inline int answer_pod(struct __sk_buff *packet, enum neighbour_answer answer)
{
	return answer == NEIGHBOUR_ANSWER ? bpf_redirect_peer(packet->ifindex, 0) : DROP;
}

// What a pod sent, and may send: to a proxy, into the host's stack, or right to another pod.
static __always_inline int send_on(struct __sk_buff *packet, const struct headers *headers,
				   const struct decision *decision)
{
	count_traffic(NOT_DROPPED, EGRESS, packet->len);
	if (decision->proxy_port) {
		if (decision->is_told)
			tell(packet, headers, decision, TO_PROXY);
		packet->mark = MARK_TO_PROXY | decision->proxy_port << MARK_PORT_SHIFT;
		return CONTINUE;
	}
	if (!decision->destination_slot) {
		if (decision->is_told)
			tell(packet, headers, decision, TO_STACK);
		return CONTINUE;
	}
	if (decision->is_told)
		tell(packet, headers, decision, TO_ENDPOINT);
	count_traffic(NOT_DROPPED, INGRESS, packet->len);
	// Addresses of the cable stay as they are: whom the packet meets takes it for his.
	return bpf_redirect_peer(decision->destination_slot, 0);
}

SEC("tcx/ingress")
int from_pod(struct __sk_buff *packet)
{
	struct place place = { .slot = packet->ifindex, .is_from_pod = true };
	struct endpoint *endpoint = find_endpoint(place.slot);
	struct decision decision = { .source_slot = place.slot, .state = STATE_UNKNOWN };
	struct headers headers = {};
	enum neighbour_answer answer;
	enum drop_reason reason;
	enum parsed parsed;
	struct ethhdr *ethernet;
	bool is_own_mac;

	if (!endpoint)
		return drop(packet, &headers, &decision, DROP_ENDPOINT_NOT_READY, FROM_ENDPOINT);
	decision.source_identity = endpoint->identity;
	if (packet->vlan_present)
		return drop(packet, &headers, &decision, DROP_VLAN, FROM_ENDPOINT);
	ethernet = (void *)(long)packet->data;
	if ((void *)(ethernet + 1) > (void *)(long)packet->data_end)
		return drop(packet, &headers, &decision, DROP_TRUNCATED_HEADER, FROM_ENDPOINT);
	if (ethernet->h_proto == htons(ETH_P_ARP)) {
		make_linear(packet);
		answer = answer_arp(packet, endpoint);
		if (answer == NEIGHBOUR_FORBIDDEN)
			return drop(packet, &headers, &decision, DROP_INVALID_SOURCE_IP,
				    FROM_ENDPOINT);
		return answer_pod(packet, answer);
	}
	if (ethernet->h_proto == htons(ETH_P_8021Q) || ethernet->h_proto == htons(ETH_P_8021AD))
		return drop(packet, &headers, &decision, DROP_VLAN, FROM_ENDPOINT);
	is_own_mac = is_same(ethernet->h_source, endpoint->mac, sizeof(endpoint->mac));
	parsed = parse_packet(packet, &headers);
	if (parsed)
		return drop(packet, &headers, &decision, reason_of_parsed(parsed), FROM_ENDPOINT);
	if (is_disguised(&headers))
		return drop(packet, &headers, &decision, DROP_INVALID_PACKET, FROM_ENDPOINT);
	if (!is_own_mac)
		return drop(packet, &headers, &decision, DROP_INVALID_SOURCE_IP, FROM_ENDPOINT);
	if (headers.protocol == IPPROTO_ICMPV6 && headers.family == FAMILY_IPV6 &&
	    headers.fragment != LATER_FRAGMENT) {
		answer = answer_neighbour(packet, endpoint, headers.source_port);
		if (answer == NEIGHBOUR_FORBIDDEN)
			return drop(packet, &headers, &decision, DROP_FORBIDDEN_ICMPV6,
				    FROM_ENDPOINT);
		if (answer)
			return answer_pod(packet, answer);
	}
	if (!is_own(endpoint, &headers.source, headers.family))
		return drop(packet, &headers, &decision, DROP_INVALID_SOURCE_IP, FROM_ENDPOINT);
	if (!is_unicast(&headers.destination, headers.family))
		return drop(packet, &headers, &decision, DROP_UNKNOWN_TARGET, FROM_ENDPOINT);
	reason = headers.fragment ? follow_fragment(&headers) : NOT_DROPPED;
	if (reason)
		return drop(packet, &headers, &decision, reason, FROM_ENDPOINT);
	if (aggregation == AGGREGATE_NONE)
		tell(packet, &headers, &decision, FROM_ENDPOINT);
	reason = follow(packet, &headers, &place, &decision);
	if (reason)
		return drop(packet, &headers, &decision, reason, FROM_ENDPOINT);
	return send_on(packet, &headers, &decision);
}

SEC("tcx/egress")
int to_pod(struct __sk_buff *packet)
{
	struct place place = { .slot = packet->ifindex, .came_by = packet->ingress_ifindex };
	struct endpoint *endpoint = find_endpoint(place.slot);
	struct decision decision = { .destination_slot = place.slot, .state = STATE_UNKNOWN };
	struct headers headers = {};
	enum drop_reason reason;
	enum parsed parsed;

	if (packet->protocol == htons(ETH_P_ARP))
		return CONTINUE;
	if (!endpoint)
		return drop(packet, &headers, &decision, DROP_ENDPOINT_NOT_READY, FROM_STACK);
	decision.destination_identity = endpoint->identity;
	if (packet->vlan_present)
		return drop(packet, &headers, &decision, DROP_VLAN, FROM_STACK);
	parsed = parse_packet(packet, &headers);
	if (parsed)
		return drop(packet, &headers, &decision, reason_of_parsed(parsed), FROM_STACK);
	if (is_disguised(&headers))
		return drop(packet, &headers, &decision, DROP_INVALID_PACKET, FROM_STACK);
	// The host's own neighbour discovery; what was forwarded has another hop limit.
	if (headers.protocol == IPPROTO_ICMPV6 && headers.family == FAMILY_IPV6 &&
	    headers.fragment != LATER_FRAGMENT && is_between_neighbours(headers.source_port))
		return place.came_by ? drop(packet, &headers, &decision, DROP_FORBIDDEN_ICMPV6,
					    FROM_STACK) :
				       CONTINUE;
	if (!is_own(endpoint, &headers.destination, headers.family))
		return drop(packet, &headers, &decision, DROP_UNKNOWN_TARGET, FROM_STACK);
	reason = headers.fragment ? follow_fragment(&headers) : NOT_DROPPED;
	if (reason)
		return drop(packet, &headers, &decision, reason, FROM_STACK);
	if (aggregation == AGGREGATE_NONE)
		tell(packet, &headers, &decision, FROM_STACK);
	reason = follow(packet, &headers, &place, &decision);
	if (reason)
		return drop(packet, &headers, &decision, reason, FROM_STACK);
	count_traffic(NOT_DROPPED, INGRESS, packet->len);
	if (decision.is_told)
		tell(packet, &headers, &decision, TO_ENDPOINT);
	return CONTINUE;
}

// What a pass over a table of flows found; the argument of `collect_flows`.
struct collection {
	// In: which table, 0 for TCP and 1 for the rest. Out: the rest of it.
	__u32 table;
	__u32 now;
	__u32 kept;
	__u32 removed;
};

static long collect_flow(void *map, const struct flow_key *key, const struct flow *flow,
			 struct collection *collection)
{
	if (!is_expired(flow, key->protocol, collection->now)) {
		collection->kept += 1;
		return 0;
	}
	if (!bpf_map_delete_elem(map, key))
		collection->removed += 1;
	return 0;
}

// Expired flows are not found anyway; taking them out makes room for others.
SEC("syscall")
int collect_flows(struct collection *argument)
{
	struct collection collection = { .table = argument->table, .now = read_jiffies() };

	if (collection.table == 0) {
		bpf_for_each_map_elem(&tcp_flows, collect_flow, &collection, 0);
		// Linux 6.1 wants a call for each table, and the compiler would make one of them.
		barrier();
	} else {
		bpf_for_each_map_elem(&other_flows, collect_flow, &collection, 0);
	}
	*argument = collection;
	return 0;
}

// What the real clocks say: user space finds out by it how long a jiffy is.
struct clock_reading {
	__u64 jiffies;
	__u64 time_ns;
};

SEC("syscall")
int read_clock(struct clock_reading *reading)
{
	reading->jiffies = bpf_jiffies64();
	reading->time_ns = bpf_ktime_get_ns();
	return 0;
}

char _license[] SEC("license") = LICENSE;
