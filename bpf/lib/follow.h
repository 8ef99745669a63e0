// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Follows a packet to its flow, or judges it as the first of one.
#pragma once

#include "events.h"
#include "icmp.h"

// Where a packet is met: the pod's slot, and whether the pod sends it.
struct place {
	__u32 slot;
	// Of the device that the packet came in by, where it goes to the pod; 0 for the host's own.
	__u32 came_by;
	bool is_from_pod;
	// The parity of the node's, when the packet came.
	__u8 generation;
};

// Who began, whom he wants, and what for.
struct request {
	struct address initiator;
	struct address responder;
	enum family family;
	__u8 protocol;
	__u16 port;
	// Where known: the pod at whose device the packet is.
	__u32 initiator_slot;
	__u32 responder_slot;
	__u8 generation;
};

// Off the stack, which is too small for all of it; a CPU handles one packet at a time.
struct scratch {
	struct request request;
	struct flow flow;
	struct decision second;
	struct tuple reported;
	struct question question;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *find_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

struct party {
	__u32 identity;
	__u32 slot;
	__u32 policy;
};

static __always_inline void find_party(struct party *party, const struct address *address,
				       enum family family, __u32 known_slot, __u8 generation)
{
	struct endpoint *endpoint;
	__u64 word;

	party->slot = known_slot ? known_slot : find_slot(address);
	endpoint = party->slot ? find_endpoint(party->slot) : NULL;
	if (!endpoint) {
		party->slot = 0;
		party->policy = 0;
		party->identity = find_identity(address, family);
		return;
	}
	// Policy and identity at once.
	word = *(volatile __u64 *)endpoint;
	party->policy = (__u16)(generation ? word >> 16 : word);
	party->identity = word >> 32;
}

static __always_inline bool has_blocks(__u32 number, enum policy_flag flag)
{
	struct policy *policy = bpf_map_lookup_elem(&policies, &number);

	return policy && policy->flags & flag;
}

// Judges the flow of a request on each side that is a pod of this node, in the direction in which
// it began. The flow gets identities, slots and the epoch, whatever the outcome.
GLOBAL int judge_request(const struct request *request, struct flow *flow,
			 struct decision *decision, __u32 epoch)
{
	struct party initiator, responder;
	struct scratch *scratch = find_scratch();
	struct question *question;

	if (!request || !flow || !decision || !scratch)
		return DROP_INVALID_PACKET;
	question = &scratch->question;
	question->port = request->port;
	question->protocol = request->protocol;
	find_party(&initiator, &request->initiator, request->family, request->initiator_slot,
		   request->generation);
	find_party(&responder, &request->responder, request->family, request->responder_slot,
		   request->generation);
	flow->epoch = epoch;
	flow->identity[INITIATOR] = initiator.identity;
	flow->identity[RESPONDER] = responder.identity;
	flow->slot[INITIATOR] = initiator.slot;
	flow->slot[RESPONDER] = responder.slot;
	flow->port = request->port;
	flow->proxy_port = 0;
	__builtin_memset(&decision->egress, 0, sizeof(decision->egress));
	__builtin_memset(&decision->ingress, 0, sizeof(decision->ingress));
	// Nobody is kept from himself.
	if (initiator.slot && initiator.slot == responder.slot)
		return NOT_DROPPED;
	if (initiator.slot) {
		question->direction = EGRESS;
		question->policy = initiator.policy;
		question->own_identity = initiator.identity;
		question->identity = responder.identity;
		question->block = has_blocks(initiator.policy, POLICY_EGRESS_BLOCKS) ?
					 find_block(&request->responder, request->family) :
					 0;
		judge(question, &decision->egress);
		if (decision->egress.reason)
			return decision->egress.reason;
		flow->proxy_port = decision->egress.proxy_port;
	}
	if (responder.slot) {
		question->direction = INGRESS;
		question->policy = responder.policy;
		question->own_identity = responder.identity;
		question->identity = initiator.identity;
		question->block = has_blocks(responder.policy, POLICY_INGRESS_BLOCKS) ?
					 find_block(&request->initiator, request->family) :
					 0;
		judge(question, &decision->ingress);
		if (decision->ingress.reason)
			return decision->ingress.reason;
		if (!flow->proxy_port)
			flow->proxy_port = decision->ingress.proxy_port;
	}
	return NOT_DROPPED;
}

// The request that a flow began with, seen from one of its packets.
static __always_inline void make_request(struct request *request, const struct tuple *tuple,
					 enum role sender, enum family family, __u16 port,
					 const struct place *place)
{
	// The pod whose device this is, is the sender or the receiver.
	bool is_initiators = place->is_from_pod == (sender == INITIATOR);

	request->initiator = sender == INITIATOR ? tuple->source : tuple->destination;
	request->responder = sender == INITIATOR ? tuple->destination : tuple->source;
	request->family = family;
	request->protocol = tuple->protocol;
	request->port = port;
	request->initiator_slot = is_initiators ? place->slot : 0;
	request->responder_slot = is_initiators ? 0 : place->slot;
	request->generation = place->generation;
}

// Flows from before one of its pods came were another's that had the address: the pod's whose
// device this is, or that of the peer, for whom packets of this node come by no device of his.
static __always_inline bool is_of_predecessor(const struct flow *flow,
					       const struct address *peer, __u32 slot)
{
	struct endpoint *endpoint;

	if (!flow || !peer)
		return 0;
	endpoint = find_endpoint(slot);
	if (endpoint && (__s32)(flow->epoch - endpoint->since) < 0)
		return 1;
	slot = find_slot(peer);
	endpoint = slot ? find_endpoint(slot) : NULL;
	return endpoint && (__s32)(flow->epoch - endpoint->since) < 0;
}

static __always_inline void set_parties(struct decision *decision, const struct flow *flow,
					enum role sender)
{
	bool is_initiator = sender == INITIATOR;

	decision->source_identity = is_initiator ? flow->identity[0] : flow->identity[1];
	decision->destination_identity = is_initiator ? flow->identity[1] : flow->identity[0];
	decision->source_slot = is_initiator ? flow->slot[0] : flow->slot[1];
	decision->destination_slot = is_initiator ? flow->slot[1] : flow->slot[0];
	decision->proxy_port = is_initiator ? flow->proxy_port : 0;
}

// A pod's address, or the host's, as the source of a packet that came in by another device.
static __always_inline bool is_forged(const struct decision *decision, const struct place *place)
{
	if (place->is_from_pod || !place->came_by)
		return false;
	if (decision->source_identity == IDENTITY_HOST)
		return true;
	return decision->source_slot && decision->source_slot != place->came_by;
}

// Whether this packet of a flow is to be told of; takes a note of it if so.
static __always_inline bool is_due(struct flow *flow, enum role sender, __u8 tcp_flags, __u32 now)
{
	__u8 news = tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
	int index = sender & 1;

	if (aggregation <= AGGREGATE_LOW)
		return true;
	if (!(news & ~flow->told_tcp_flags[index]) &&
	    (aggregation == AGGREGATE_MAXIMUM || now - flow->last_told[index] < trace_interval))
		return false;
	flow->told_tcp_flags[index] |= news;
	flow->last_told[index] = now;
	return true;
}

static __always_inline bool is_sound_tcp(__u8 flags)
{
	if (flags & TCP_SYN)
		return !(flags & (TCP_FIN | TCP_RST));
	return flags & (TCP_RST | TCP_ACK);
}

// A packet of a flow that is known and may pass. One that is forged leaves no trace on the flow.
static __always_inline enum drop_reason pass_known(struct flow *flow, enum role sender,
						   const struct headers *headers,
						   const struct place *place, __u32 now,
						   bool is_related, struct decision *decision)
{
	set_parties(decision, flow, sender);
	decision->state = sender == INITIATOR ? STATE_ESTABLISHED : STATE_REPLY;
	if (is_related)
		decision->state = STATE_RELATED;
	if (is_forged(decision, place))
		return DROP_INVALID_SOURCE_IP;
	if (is_related) {
		decision->proxy_port = 0;
		decision->is_told = true;
		return NOT_DROPPED;
	}
	see_packet(flow, sender, headers->protocol, headers->tcp_flags, now);
	decision->is_told = is_due(flow, sender, headers->tcp_flags, now);
	return NOT_DROPPED;
}

// Whether a packet cannot be the known flow's, although it has its ends.
static __always_inline bool is_of_another(const struct flow *flow, enum role sender,
					  const struct headers *headers, enum icmp_meaning meaning)
{
	// A connection the other way round, on the same ports.
	if (headers->protocol == IPPROTO_TCP)
		return sender == RESPONDER && is_first_of_tcp(headers->tcp_flags);
	// With the id 0, an echo has the key of the one the other way round.
	return sender == RESPONDER ? meaning == ICMP_ASKS : meaning == ICMP_ANSWERS;
}

// Judges a flow again after something changed, from whichever packet comes.
static __always_inline enum drop_reason judge_again(struct flow *flow, const struct tuple *tuple,
						    enum role sender, const struct headers *headers,
						    const struct place *place, __u32 epoch,
						    struct decision *decision)
{
	struct scratch *scratch = find_scratch();
	struct flow *fresh;
	enum drop_reason reason;

	if (!scratch)
		return DROP_INVALID_PACKET;
	fresh = &scratch->flow;
	make_request(&scratch->request, tuple, sender, headers->family, flow->port, place);
	reason = judge_request(&scratch->request, fresh, decision, epoch);
	if (reason) {
		// It keeps its old epoch, and so every packet of it comes here.
		set_parties(decision, fresh, sender);
		return reason;
	}
	flow->identity[0] = fresh->identity[0];
	flow->identity[1] = fresh->identity[1];
	flow->slot[0] = fresh->slot[0];
	flow->slot[1] = fresh->slot[1];
	flow->proxy_port = fresh->proxy_port;
	flow->epoch = epoch;
	// That it may go on is no news.
	__builtin_memset(&decision->egress, 0, sizeof(decision->egress));
	__builtin_memset(&decision->ingress, 0, sizeof(decision->ingress));
	return NOT_DROPPED;
}

// Judges a packet as the first, or as the answer to a request that was not seen.
static __always_inline enum drop_reason judge_new(struct scratch *scratch,
						  const struct tuple *tuple, enum role sender,
						  const struct headers *headers,
						  const struct place *place, __u32 epoch,
						  struct decision *decision)
{
	enum drop_reason reason;
	__u16 port = sender == INITIATOR ? tuple->destination_port : tuple->source_port;

	if (headers->protocol == IPPROTO_ICMP || headers->protocol == IPPROTO_ICMPV6)
		port = headers->source_port;
	make_request(&scratch->request, tuple, sender, headers->family, port, place);
	reason = judge_request(&scratch->request, &scratch->flow, decision, epoch);
	set_parties(decision, &scratch->flow, sender);
	decision->state = STATE_NEW;
	decision->is_told = true;
	return is_forged(decision, place) ? DROP_INVALID_SOURCE_IP : reason;
}

// Messages that belong to no flow: each is judged, by its type, and none is remembered.
static __always_inline enum drop_reason judge_single(struct tuple *tuple,
						     const struct headers *headers,
						     const struct place *place, __u32 epoch,
						     struct decision *decision)
{
	struct scratch *scratch = find_scratch();

	if (!scratch)
		return DROP_INVALID_PACKET;
	// A report's was turned to that of the flow which was not found.
	tuple->source = headers->source;
	tuple->destination = headers->destination;
	tuple->protocol = headers->protocol;
	return judge_new(scratch, tuple, INITIATOR, headers, place, epoch, decision);
}

static __always_inline enum drop_reason begin_flow(const struct flow_key *key,
						   const struct tuple *tuple, bool from_low,
						   const struct headers *headers,
						   const struct place *place, __u32 epoch,
						   __u32 now, bool is_renewed,
						   struct decision *decision)
{
	bool is_tcp = headers->protocol == IPPROTO_TCP;
	bool is_recovered = is_tcp && !is_first_of_tcp(headers->tcp_flags);
	enum role sender = INITIATOR;
	enum drop_reason reason = DROP_POLICY_DENIED;
	struct scratch *scratch = find_scratch();
	struct flow *flow;

	if (!scratch)
		return DROP_INVALID_PACKET;
	flow = &scratch->flow;
	__builtin_memset(flow, 0, sizeof(*flow));
	// Only the first packet of a connection is by him who began it for sure. One in the middle
	// is judged both ways, and its entry grants what policy grants that way.
	if (!is_recovered || !(headers->tcp_flags & TCP_SYN))
		reason = judge_new(scratch, tuple, INITIATOR, headers, place, epoch, decision);
	if (is_recovered && reason) {
		struct decision *as_reply = &scratch->second;
		enum drop_reason second =
			judge_new(scratch, tuple, RESPONDER, headers, place, epoch, as_reply);

		// Of two denials, the one to tell of is that of the packet's own direction.
		if (!second || headers->tcp_flags & TCP_SYN) {
			sender = RESPONDER;
			reason = second;
			*decision = *as_reply;
		}
	}
	if (reason)
		return reason;
	// The end of a connection that nobody knows needs no entry.
	if (headers->tcp_flags & TCP_RST)
		return NOT_DROPPED;
	if (from_low != (sender == INITIATOR))
		flow->flags = FLOW_INITIATOR_IS_HIGH;
	see_packet(flow, sender, headers->protocol, headers->tcp_flags, now);
	flow->last_told[0] = now;
	flow->last_told[1] = now;
	if (sender == INITIATOR)
		flow->told_tcp_flags[0] = headers->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
	else
		flow->told_tcp_flags[1] = headers->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST);
	if (!keep_flow(key, flow, is_renewed, is_recovered))
		return DROP_CONNTRACK_INSERT_FAILED;
	return NOT_DROPPED;
}

// `decision` must be zero before.
static __always_inline enum drop_reason follow(struct __sk_buff *packet,
					       const struct headers *headers,
					       struct place *place, struct decision *decision)
{
	struct node_state state = read_node_state();
	bool is_icmp = headers->protocol == IPPROTO_ICMP || headers->protocol == IPPROTO_ICMPV6;
	enum icmp_meaning meaning = ICMP_SINGLE;
	bool is_related = false, is_renewed, from_low;
	struct tuple tuple = {
		.source = headers->source,
		.destination = headers->destination,
		.source_port = headers->source_port,
		.destination_port = headers->destination_port,
		.protocol = headers->protocol,
	};
	__u32 epoch = state.epoch, now = read_jiffies();
	struct flow_key key;
	struct flow *flow;
	enum role sender;

	place->generation = state.generation & 1;
	if (is_icmp) {
		meaning = meaning_of(headers->protocol, headers->source_port);
		// Each family has its own.
		if ((headers->protocol == IPPROTO_ICMP) != (headers->family == FAMILY_IPV4))
			return DROP_UNKNOWN_TRANSPORT;
		// The packet that is reported is in the first fragment.
		if (meaning == ICMP_REPORTS && headers->fragment == LATER_FRAGMENT)
			meaning = ICMP_SINGLE;
		if (meaning == ICMP_SINGLE)
			return judge_single(&tuple, headers, place, epoch, decision);
		if (meaning == ICMP_REPORTS) {
			struct scratch *scratch = find_scratch();
			struct tuple *reported;

			// A pod reports what was sent to it; whoever reports, he does it to the
			// sender.
			if (!scratch)
				return DROP_INVALID_PACKET;
			reported = &scratch->reported;
			if (!read_reported(packet, headers, reported) ||
			    !is_same(&reported->source, &headers->destination, 16) ||
			    (place->is_from_pod &&
			     !is_same(&reported->destination, &headers->source, 16)))
				return judge_single(&tuple, headers, place, epoch, decision);
			tuple.source = reported->destination;
			tuple.destination = reported->source;
			tuple.source_port = reported->destination_port;
			tuple.destination_port = reported->source_port;
			tuple.protocol = reported->protocol;
			is_related = true;
		} else {
			tuple.source_port = meaning == ICMP_ASKS ? headers->echo_id : 0;
			tuple.destination_port = meaning == ICMP_ASKS ? 0 : headers->echo_id;
		}
	} else if (headers->protocol == IPPROTO_TCP) {
		if (!is_sound_tcp(headers->tcp_flags))
			return DROP_INVALID_PACKET;
	} else if (headers->protocol != IPPROTO_UDP && headers->protocol != IPPROTO_SCTP) {
		return DROP_UNKNOWN_TRANSPORT;
	}
	from_low = is_from_low(&tuple);
	make_flow_key(&key, &tuple, from_low);
	flow = find_flow(&key);
	is_renewed = flow;
	if (flow && is_expired(flow, key.protocol, now))
		flow = NULL;
	if (flow) {
		sender = role_of(flow, from_low);
		if (is_of_another(flow, sender, headers, meaning))
			flow = NULL;
		else if (flow->epoch != epoch &&
			 is_of_predecessor(flow,
					   place->is_from_pod ? &tuple.destination : &tuple.source,
					   place->slot))
			flow = NULL;
	}
	if (flow) {
		if (flow->epoch != epoch) {
			enum drop_reason reason = judge_again(flow, &tuple, sender, headers, place,
							      epoch, decision);

			if (reason)
				return reason;
		}
		return pass_known(flow, sender, headers, place, now, is_related, decision);
	}
	// An answer or a report without its flow begins none.
	if (is_related || meaning == ICMP_ANSWERS)
		return judge_single(&tuple, headers, place, epoch, decision);
	return begin_flow(&key, &tuple, from_low, headers, place, epoch, now, is_renewed, decision);
}
