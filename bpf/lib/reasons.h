// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Why packets are dropped: Cilium's numbers, so that every tool which knows those names ours.
#pragma once

#include "bpf.h"

enum drop_reason : __u8 {
	NOT_DROPPED = 0,
	// The sender's address is not its own.
	DROP_INVALID_SOURCE_IP = 132,
	// No rule allows it.
	DROP_POLICY_DENIED = 133,
	DROP_INVALID_PACKET = 134,
	DROP_TRUNCATED_HEADER = 135,
	DROP_UNKNOWN_TRANSPORT = 137,
	DROP_UNSUPPORTED_L3 = 139,
	DROP_UNKNOWN_TARGET = 150,
	DROP_CONNTRACK_INSERT_FAILED = 155,
	DROP_INVALID_IPV6_EXTENSION = 156,
	DROP_FIRST_FRAGMENT_MISSING = 175,
	DROP_FORBIDDEN_ICMPV6 = 176,
	// A rule sends it to a proxy, and none listens for it.
	DROP_NO_PROXY = 180,
	// A rule denies it.
	DROP_POLICY_DENY = 181,
	DROP_VLAN = 182,
	DROP_AUTHENTICATION_REQUIRED = 189,
	// The pod has no policy yet, or is not known at all.
	DROP_ENDPOINT_NOT_READY = 203,
};
