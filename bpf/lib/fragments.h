// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Later fragments have no ports: those of the first are kept for them.
#pragma once

#include "parse.h"
#include "reasons.h"

struct datagram_key {
	struct address source;
	struct address destination;
	__u32 id;
	enum family family;
	__u8 protocol;
	__u16 unused;
};

struct datagram {
	__u16 source_port;
	__u16 destination_port;
	__u16 echo_id;
	__u8 tcp_flags;
	__u8 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__uint(pinning, PIN_BY_NAME);
	__type(key, struct datagram_key);
	__type(value, struct datagram);
} datagrams SEC(".maps");

GLOBAL int follow_fragment(struct headers *headers)
{
	struct datagram_key key = {};
	struct datagram *known;

	if (!headers)
		return DROP_FIRST_FRAGMENT_MISSING;
	key.source = headers->source;
	key.destination = headers->destination;
	key.id = headers->fragment_id;
	key.family = headers->family;
	key.protocol = headers->fragment_protocol;
	if (headers->fragment == FIRST_FRAGMENT) {
		struct datagram datagram = {
			.source_port = headers->source_port,
			.destination_port = headers->destination_port,
			.echo_id = headers->echo_id,
			.tcp_flags = headers->tcp_flags,
			.protocol = headers->protocol,
		};

		bpf_map_update_elem(&datagrams, &key, &datagram, BPF_ANY);
		return NOT_DROPPED;
	}
	known = bpf_map_lookup_elem(&datagrams, &key);
	if (!known)
		return DROP_FIRST_FRAGMENT_MISSING;
	headers->source_port = known->source_port;
	headers->destination_port = known->destination_port;
	headers->echo_id = known->echo_id;
	headers->tcp_flags = known->tcp_flags;
	headers->protocol = known->protocol;
	return NOT_DROPPED;
}
