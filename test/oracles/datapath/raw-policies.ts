/** Policies as no engine would make them: any shapes, effects, orders, and demands for proof. */
import { PolicyEffect, PolicyFlag, type PolicyEntry, type PolicyKey } from "#abi";
import type { Random } from "#base";
import type { World } from "./world.ts";

const ANY_PROTOCOL = 0x20;
const ANY_IDENTITY = 0x40;
const PREFIX_MASK = 0x1f;
const WIDEST = ANY_PROTOCOL | ANY_IDENTITY;
const MAX_SHAPES = 64;
const MAX_ENTRIES = 24;

/** Few, so that everything collides. */
export const PORTS: readonly number[] = [80, 80, 81, 53, 443, 8080, 40_000, 40_001, 65_535, 0];
const CROWDED = [80, 81];
const ICMP_TYPES = [0, 3, 8, 11, 128, 129, 1, 3, 13];
const PROTOCOLS = [6, 6, 6, 17, 17, 132, 1, 58];
const PREFIXES = [0, 0, 16, 16, 16, 16, 15, 14, 12, 8, 1];
const PRECEDENCES = [0, 1, 2, 2, 3, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const PROXY_PORTS = [0, 10_000, 10_001, 10_002, 15_001, 65_535];
const COOKIES = [0, 1, 2, 3, 77, 0xffff_ffff];

export interface RawPolicy {
  readonly number: number;
  readonly shapes: readonly [readonly number[], readonly number[]];
}

/** All kinds of keys of one port, and of any. */
const CROWDED_SHAPES = [0, ANY_PROTOCOL, ANY_IDENTITY, WIDEST].flatMap((open) => [16 | open, open]);

function rawShapes(random: Random, policy: number): number[] {
  if (isCrowdedPolicy(policy)) return random.shuffle([...CROWDED_SHAPES]).slice(0, 6);
  const count = random.chance(0.02) ? MAX_SHAPES : random.below(8);
  return Array.from({ length: count }, () => {
    const open = (random.chance(0.3) ? ANY_PROTOCOL : 0) | (random.chance(0.5) ? ANY_IDENTITY : 0);
    return random.pick(PREFIXES) | open;
  });
}

/** Some pods', and some blocks'. */
function crowd(identities: readonly number[]): number[] {
  return [...identities.slice(0, 2), ...identities.slice(-4)];
}

/** A key of that shape. Of ports, mostly those that packets have. */
function rawKey(
  random: Random,
  policy: number,
  direction: number,
  shape: number,
  identities: readonly number[],
): PolicyKey {
  const portPrefix = shape & PREFIX_MASK;
  const isCrowded = isCrowdedPolicy(policy) && random.chance(0.8);
  const protocol = isCrowded ? 6 : random.pick(PROTOCOLS);
  const ports = protocol === 1 || protocol === 58 ? ICMP_TYPES : isCrowded ? CROWDED : PORTS;
  const port = random.pick(ports);
  return {
    policy,
    direction,
    portPrefix,
    identity: shape & ANY_IDENTITY ? 0 : random.pick(isCrowded ? crowd(identities) : identities),
    protocol: shape & ANY_PROTOCOL ? 0 : protocol,
    port: port & ~(0xffff >> portPrefix) & 0xffff,
  };
}

/** Of some policies, several entries speak of most packets, and ask for proof or for none. */
function isCrowdedPolicy(policy: number): boolean {
  return policy % 3 === 0;
}

function rawEntry(random: Random, policy: number): PolicyEntry {
  const isCrowded = isCrowdedPolicy(policy);
  const asking = isCrowded ? 0.6 : 0.1;
  const effect = random.pick([
    PolicyEffect.effectAllow,
    PolicyEffect.effectAllow,
    PolicyEffect.effectAllow,
    PolicyEffect.effectRedirect,
    PolicyEffect.effectRedirect,
    PolicyEffect.effectDeny,
    PolicyEffect.effectNone,
  ]);
  return {
    cookie: random.pick(COOKIES),
    precedence: random.pick(PRECEDENCES),
    proxyPort: random.pick(PROXY_PORTS),
    effect: isCrowded && random.chance(0.8) ? PolicyEffect.effectAllow : effect,
    authentication: random.chance(asking) ? random.below(4) : 0,
    flags: random.chance(0.7) ? 0 : random.below(4),
  };
}

/** One more entry, or another value of one that is there, or one less. */
export function editRawPolicy(
  world: World,
  random: Random,
  { number, shapes }: RawPolicy,
  identities: readonly number[],
): void {
  const direction = random.below(2);
  const known = shapes[direction as 0 | 1];
  const shape = known.length === 0 || random.chance(0.05) ? 16 : random.pick(known);
  const key = rawKey(random, number, direction, shape, identities);
  const isGone = random.chance(0.25);
  world.setEntry(key, isGone ? undefined : rawEntry(random, number));
}

export function addRawPolicy(
  world: World,
  random: Random,
  number: number,
  identities: readonly number[],
): RawPolicy {
  // Of most, one is open to all, so that there are flows at all.
  const shapes = [rawShapes(random, number), rawShapes(random, number)] as const;
  for (const each of shapes) if (random.chance(0.8)) each[Math.min(each.length, 6)] = WIDEST;
  const policy = { number, shapes };
  const count = random.below(isCrowdedPolicy(number) ? 4 * MAX_ENTRIES : MAX_ENTRIES);
  for (let entry = 0; entry < count; entry++) editRawPolicy(world, random, policy, identities);
  if (random.chance(0.7)) allowMost(world, random, policy);
  const flags = [
    random.chance(0.97) ? PolicyFlag.policyInUse : 0,
    random.chance(0.15) ? PolicyFlag.policyAudit : 0,
    random.chance(0.6) ? PolicyFlag.policyEgressBlocks : 0,
    random.chance(0.6) ? PolicyFlag.policyIngressBlocks : 0,
  ];
  world.setPolicy(number, {
    flags: flags.reduce((all, flag) => all | flag, 0),
    shapeCount: Uint8Array.from(shapes, ({ length }) => length),
    egressShapes: paddedShapes(shapes[0]),
    ingressShapes: paddedShapes(shapes[1]),
  });
  return policy;
}

/** Where nothing stronger speaks: all that is allowed, or all of a port that goes to a proxy. */
function allowMost(world: World, random: Random, { number, shapes }: RawPolicy): void {
  for (const direction of [0, 1] as const) {
    const precedence = random.pick([1, 1, 2, 3]);
    const allow = { cookie: 9, precedence, proxyPort: 0, authentication: 0, flags: 0 };
    const any = { policy: number, direction, identity: 0, protocol: 0, port: 0, portPrefix: 0 };
    world.setEntry(any, { ...allow, effect: PolicyEffect.effectAllow });
    const onPort = shapes[direction].find((shape) => shape === (ANY_IDENTITY | 16));
    if (onPort === undefined) continue;
    world.setEntry(
      { ...any, protocol: 6, port: random.pick(PORTS), portPrefix: 16 },
      { ...allow, effect: PolicyEffect.effectRedirect, proxyPort: 10_000 + number, precedence: 5 },
    );
  }
}

function paddedShapes(shapes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(MAX_SHAPES);
  bytes.set(shapes);
  return bytes;
}
