/** Policies as programs read them. */
import {
  type PolicyEntry,
  type PolicyKey,
  PolicyAuthentication,
  policyCodec,
  PolicyEffect,
  policyEntryCodec,
  PolicyEntryFlag,
  PolicyFlag,
  policyKeyCodec,
  TrafficDirection,
} from "#abi";
import { assert } from "#base";
import {
  type Direction,
  type ListenerKind,
  precedenceNumber,
  type RuleValue,
  type Shape,
  type SubjectState,
  unpackPort,
} from "#policy";

/** As in bpf/lib/policy.h: a shape is the length of the port prefix, and what its keys leave open. */
const SHAPE_ANY_PROTOCOL = 0x20;
const SHAPE_ANY_IDENTITY = 0x40;
const MAX_SHAPES = 64;

const EFFECT = {
  none: PolicyEffect.effectNone,
  allow: PolicyEffect.effectAllow,
  redirect: PolicyEffect.effectRedirect,
  deny: PolicyEffect.effectDeny,
} as const;

const AUTHENTICATION = {
  disabled: PolicyAuthentication.authenticationDisabled,
  required: PolicyAuthentication.authenticationRequired,
  "test-always-fail": PolicyAuthentication.authenticationFails,
} as const;

/** Where an entry of a policy stands. */
export interface EntryPlace {
  readonly direction: Direction;
  /** 0 is any. */
  readonly identity: number;
  /** Protocol, port and prefix, as `unpackPort` of `#policy` takes them apart. */
  readonly packed: number;
}

/** The port of the proxy that listens for such traffic; 0 while none does. */
export type ProxyPort = (listener: ListenerKind) => number;

/** The keys of one policy's entries; slices of one piece of memory. */
export function encodeKeys(policy: number, places: readonly EntryPlace[]): Uint8Array[] {
  const { size } = policyKeyCodec;
  const bytes = new Uint8Array(size * places.length);
  const view = new DataView(bytes.buffer);
  return places.map(({ direction, identity, packed }, at) => {
    const key: PolicyKey = {
      policy,
      identity,
      direction: TrafficDirection[direction],
      ...unpackPort(packed),
    };
    policyKeyCodec.write(view, at * size, key);
    return bytes.subarray(at * size, (at + 1) * size);
  });
}

/** Encodes values, and keeps what it made: entries of many peers share them. */
export class ValueEncoder {
  readonly #proxyPort: ProxyPort;
  readonly #made = new WeakMap<RuleValue, Uint8Array>();

  constructor(proxyPort: ProxyPort) {
    this.#proxyPort = proxyPort;
  }

  encode(value: RuleValue): Uint8Array {
    let bytes = this.#made.get(value);
    if (bytes === undefined) this.#made.set(value, (bytes = this.#make(value)));
    return bytes;
  }

  #make(value: RuleValue): Uint8Array {
    const { effect, listener, authentication, isAuditDeny, isAuditAllow } = value;
    const entry: PolicyEntry = {
      cookie: value.cookie,
      precedence: precedenceNumber(value),
      proxyPort: effect === "redirect" && listener !== undefined ? this.#proxyPort(listener) : 0,
      effect: EFFECT[effect],
      authentication:
        authentication === undefined
          ? PolicyAuthentication.authenticationUnsaid
          : AUTHENTICATION[authentication],
      flags:
        (isAuditDeny ? PolicyEntryFlag.entryAuditDeny : 0) |
        (isAuditAllow ? PolicyEntryFlag.entryAuditAllow : 0),
    };
    return policyEntryCodec.encode(entry);
  }
}

/** What is the same for all entries of a policy: its shapes, and how it is judged. */
export function encodePolicy(state: SubjectState): Uint8Array {
  const egress = state.shapes("egress");
  const ingress = state.shapes("ingress");
  return policyCodec.encode({
    flags:
      PolicyFlag.policyInUse |
      (state.isAudit ? PolicyFlag.policyAudit : 0) |
      (needsBlocks(state, "egress") ? PolicyFlag.policyEgressBlocks : 0) |
      (needsBlocks(state, "ingress") ? PolicyFlag.policyIngressBlocks : 0),
    shapeCount: Uint8Array.of(egress.length, ingress.length),
    egressShapes: encodeShapes(egress),
    ingressShapes: encodeShapes(ingress),
  });
}

/**
 * Whether peers are to be known by their blocks: where an ipBlock names them, and where they give
 * a named port its number, since pods of one identity that differ in it have blocks of their own.
 */
function needsBlocks(state: SubjectState, direction: Direction): boolean {
  return (
    state.hasBlockPeers(direction) ||
    state.rules(direction).some(({ peerPorts }) => peerPorts.length > 0)
  );
}

function encodeShapes(shapes: readonly Shape[]): Uint8Array {
  assert(shapes.length <= MAX_SHAPES, `${shapes.length} shapes of keys`);
  const bytes = new Uint8Array(MAX_SHAPES);
  for (const [at, { isAnyIdentity, isAnyProtocol, portPrefix }] of shapes.entries()) {
    bytes[at] =
      portPrefix |
      (isAnyProtocol ? SHAPE_ANY_PROTOCOL : 0) |
      (isAnyIdentity ? SHAPE_ANY_IDENTITY : 0);
  }
  return bytes;
}
