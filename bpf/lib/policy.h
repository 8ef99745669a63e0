// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What the rules say of a peer and a port.
//
// Map state is the rules themselves, grouped by peer: one hash for the node, the policy's number
// in the key. Each policy has the list of shapes that occur among its keys. Judging looks up each
// shape, and folds what it finds: the highest precedence wins.
#pragma once

#include "ipcache.h"
#include "metrics.h"

#define MAX_POLICIES 8192
#define MAX_POLICY_ENTRIES (1 << 20)
#define MAX_SHAPES 64

// A shape is one byte: the length of the port prefix, and what the keys leave open.
#define SHAPE_PREFIX_MASK 0x1f
#define SHAPE_ANY_PROTOCOL 0x20
#define SHAPE_ANY_IDENTITY 0x40

struct policy_key {
	__u32 policy;
	// 0 is any, here and for the protocol.
	__u32 identity;
	// Bits beyond the prefix are zero. The type, for ICMP.
	__u16 port;
	__u8 protocol;
	enum traffic_direction direction;
	__u8 port_prefix;
	__u8 unused[3];
};

enum policy_effect : __u8 {
	// Says nothing but what its flags say.
	EFFECT_NONE = 0,
	EFFECT_ALLOW = 1,
	EFFECT_REDIRECT = 2,
	EFFECT_DENY = 3,
};

enum policy_authentication : __u8 {
	AUTHENTICATION_UNSAID = 0,
	AUTHENTICATION_DISABLED = 1,
	AUTHENTICATION_REQUIRED = 2,
	AUTHENTICATION_FAILS = 3,
};

enum policy_entry_flag : __u8 {
	// Policies in audit mode would deny here.
	ENTRY_AUDIT_DENY = 1,
	// Passes only because policies in audit mode do not enforce their default deny.
	ENTRY_AUDIT_ALLOW = 2,
};

struct policy_entry {
	// Names the rules behind it.
	__u32 cookie;
	// The order among entries, as user space decides it: the highest wins.
	__u32 precedence;
	// Of a redirect; 0 where nobody listens yet.
	__u16 proxy_port;
	enum policy_effect effect;
	enum policy_authentication authentication;
	enum policy_entry_flag flags;
	__u8 unused[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_POLICY_ENTRIES);
	__uint(pinning, PIN_BY_NAME);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct policy_key);
	__type(value, struct policy_entry);
} policy_entries SEC(".maps");

enum policy_flag : __u8 {
	POLICY_IN_USE = 1,
	// Denials are told, and pass.
	POLICY_AUDIT = 2,
	// Its peers include blocks, in egress and in ingress.
	POLICY_EGRESS_BLOCKS = 4,
	POLICY_INGRESS_BLOCKS = 8,
};

// Written before an endpoint has its number, and never changed while one does.
struct policy {
	enum policy_flag flags;
	__u8 unused;
	// Of egress and of ingress, the most specific first.
	__u8 shape_count[2];
	__u8 egress_shapes[MAX_SHAPES];
	__u8 ingress_shapes[MAX_SHAPES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_POLICIES);
	__uint(pinning, PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct policy);
} policies SEC(".maps");

struct identity_pair {
	__u32 local;
	__u32 remote;
};

struct authentication {
	// As CLOCK_MONOTONIC counts.
	__u64 expires_ns;
};

// Who has proved to a pod of this node who it is.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(pinning, PIN_BY_NAME);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct identity_pair);
	__type(value, struct authentication);
} authentications SEC(".maps");

struct question {
	__u32 policy;
	__u32 own_identity;
	// The peer's, and that of its block or 0.
	__u32 identity;
	__u32 block;
	__u16 port;
	__u8 protocol;
	enum traffic_direction direction;
};

enum verdict : __u8 {
	NOT_JUDGED = 0,
	ALLOWED = 1,
	REDIRECTED = 2,
	DENIED = 3,
	// Beside ALLOWED or REDIRECTED: would be denied, if what is only audited were enforced.
	AUDITED = 0x80,
};

struct judgement {
	__u32 cookie;
	__u16 proxy_port;
	enum verdict verdict;
	enum drop_reason reason;
	// Of the entry that decided; 0 without one, which is no shape of any entry's own.
	__u8 shape;
};

// What folding has found so far.
struct fold {
	struct question question;
	__u32 cookie;
	__u32 precedence;
	__u16 proxy_port;
	enum policy_effect effect;
	enum policy_entry_flag flags;
	__u8 shape;
	bool is_audit_deny;
	bool asks_for_authentication;
	// The second pass, and in it: who lends the demand, and how specific he is, and one more.
	bool is_lending;
	enum policy_authentication authentication;
	__u8 lender_rank;
};

static __always_inline __u8 shape_at(const struct policy *policy, enum traffic_direction direction,
				     __u32 index)
{
	const __u8 *shapes = direction == EGRESS ? policy->egress_shapes : policy->ingress_shapes;

	return shapes[index & (MAX_SHAPES - 1)];
}

static __always_inline struct policy_entry *find_entry(const struct question *question, __u8 shape,
						       __u32 identity)
{
	__u32 prefix = shape & SHAPE_PREFIX_MASK;
	struct policy_key key = {
		.policy = question->policy,
		.identity = shape & SHAPE_ANY_IDENTITY ? 0 : identity,
		.port = question->port & ~(0xffffU >> (prefix & 31)),
		.protocol = shape & SHAPE_ANY_PROTOCOL ? 0 : question->protocol,
		.direction = question->direction,
		.port_prefix = prefix,
	};

	return bpf_map_lookup_elem(&policy_entries, &key);
}

static __always_inline void fold_entry(struct fold *fold, __u8 shape,
				       const struct policy_entry *entry)
{
	if (entry->flags & ENTRY_AUDIT_DENY)
		fold->is_audit_deny = true;
	if (entry->authentication != AUTHENTICATION_UNSAID)
		fold->asks_for_authentication = true;
	// Of equals the first stays: shapes come the most specific first.
	if (entry->precedence <= fold->precedence)
		return;
	fold->precedence = entry->precedence;
	fold->cookie = entry->cookie;
	fold->proxy_port = entry->proxy_port;
	fold->effect = entry->effect;
	fold->flags = entry->flags;
	fold->shape = shape;
}

// Whether every key of the narrow shape that a packet matches is inside the wide one's.
static __always_inline bool covers(__u8 wide, __u8 narrow)
{
	__u8 open_in_narrow_only = narrow & ~wide & (SHAPE_ANY_IDENTITY | SHAPE_ANY_PROTOCOL);

	return !open_in_narrow_only &&
	       (wide & SHAPE_PREFIX_MASK) <= (narrow & SHAPE_PREFIX_MASK);
}

static __always_inline __u8 rank_of(__u8 shape)
{
	return 4 * (shape & SHAPE_PREFIX_MASK) + (shape & SHAPE_ANY_PROTOCOL ? 0 : 2) +
	       (shape & SHAPE_ANY_IDENTITY ? 0 : 1);
}

// Whether proof is asked for is not only the deciding entry's to say: the most specific of those
// says it that it does not beat, or that cover its key.
static __always_inline void lend(struct fold *fold, __u8 shape, const struct policy_entry *entry)
{
	if (entry->authentication == AUTHENTICATION_UNSAID)
		return;
	if (entry->precedence < fold->precedence && !covers(shape, fold->shape))
		return;
	if (rank_of(shape) + 1 <= fold->lender_rank)
		return;
	fold->lender_rank = rank_of(shape) + 1;
	fold->authentication = entry->authentication;
}

static __always_inline void visit_entry(struct fold *fold, __u8 shape, __u32 identity)
{
	const struct policy_entry *entry = find_entry(&fold->question, shape, identity);

	if (!entry)
		return;
	if (fold->is_lending)
		lend(fold, shape, entry);
	else
		fold_entry(fold, shape, entry);
}

static long visit_shape(__u32 index, struct fold *fold)
{
	const struct policy *policy = bpf_map_lookup_elem(&policies, &fold->question.policy);
	__u8 shape;

	if (!policy)
		return 1;
	shape = shape_at(policy, fold->question.direction, index);
	visit_entry(fold, shape, fold->question.identity);
	if (fold->question.block && !(shape & SHAPE_ANY_IDENTITY))
		visit_entry(fold, shape, fold->question.block);
	return 0;
}

static __always_inline bool is_authenticated(const struct fold *fold)
{
	struct identity_pair pair = {
		.local = fold->question.own_identity,
		.remote = fold->question.identity,
	};
	struct authentication *authentication;

	if (fold->authentication == AUTHENTICATION_FAILS)
		return false;
	if (fold->authentication != AUTHENTICATION_REQUIRED)
		return true;
	authentication = bpf_map_lookup_elem(&authentications, &pair);
	return authentication && authentication->expires_ns > read_time_ns();
}

// What folding came to, before audit mode is asked.
static __always_inline enum drop_reason reason_of(const struct fold *fold)
{
	if (fold->effect == EFFECT_DENY)
		return DROP_POLICY_DENY;
	if (fold->effect == EFFECT_NONE)
		return DROP_POLICY_DENIED;
	if (!is_authenticated(fold))
		return DROP_AUTHENTICATION_REQUIRED;
	if (fold->effect == EFFECT_REDIRECT && !fold->proxy_port)
		return DROP_NO_PROXY;
	return NOT_DROPPED;
}

static __always_inline void settle(const struct fold *fold, __u8 policy_flags,
				   struct judgement *judgement)
{
	enum drop_reason reason = reason_of(fold);
	bool is_policys = reason == DROP_POLICY_DENY || reason == DROP_POLICY_DENIED;

	if (fold->effect != EFFECT_NONE) {
		judgement->cookie = fold->cookie;
		judgement->shape = fold->shape;
	}
	if (reason && !(is_policys && policy_flags & POLICY_AUDIT)) {
		judgement->verdict = DENIED;
		judgement->reason = reason;
		return;
	}
	judgement->verdict = fold->effect == EFFECT_REDIRECT ? REDIRECTED : ALLOWED;
	judgement->proxy_port = fold->effect == EFFECT_REDIRECT ? fold->proxy_port : 0;
	if (reason || fold->is_audit_deny || fold->flags & ENTRY_AUDIT_ALLOW)
		judgement->verdict |= AUDITED;
}

// `judgement` must be zero before.
GLOBAL int judge(const struct question *question, struct judgement *judgement)
{
	struct policy *policy;
	struct fold fold = {};
	__u32 count;

	if (!question || !judgement)
		return 0;
	fold.question = *question;
	policy = bpf_map_lookup_elem(&policies, &fold.question.policy);
	if (!question->policy || !policy || !(policy->flags & POLICY_IN_USE)) {
		judgement->verdict = is_open_without_policy ? ALLOWED : DENIED;
		judgement->reason = is_open_without_policy ? NOT_DROPPED : DROP_ENDPOINT_NOT_READY;
		return 0;
	}
	count = question->direction == EGRESS ? policy->shape_count[0] : policy->shape_count[1];
	bpf_loop(count, visit_shape, &fold, 0);
	fold.is_lending = fold.asks_for_authentication;
	if (fold.is_lending)
		bpf_loop(count, visit_shape, &fold, 0);
	settle(&fold, policy->flags, judgement);
	return 0;
}
