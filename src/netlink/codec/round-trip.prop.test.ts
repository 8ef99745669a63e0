import assert from "node:assert/strict";
import fc from "fast-check";
import { Cidr, IpAddress, type IpFamily, MacAddress } from "#base";
import { property } from "#test";
import type { Address } from "../model/address.ts";
import type { Neighbour } from "../model/neighbour.ts";
import type { NextHop, Route } from "../model/route.ts";
import type { Rule } from "../model/rule.ts";
import { readAddress, writeAddress } from "./address.ts";
import { type Message, readMessages } from "./message.ts";
import { readNeighbour, writeNeighbour } from "./neighbour.ts";
import { readRoute, writeRoute } from "./route.ts";
import { readRule, writeRule } from "./rule.ts";
import { MessageWriter } from "./writer.ts";

// What is listed can be added again as it is: written and read, every object is itself.

const u8 = fc.integer({ min: 0, max: 255 });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const index = fc.integer({ min: 1, max: 0x7fff_ffff });
const name = fc.stringMatching(/^[a-z][a-z0-9.]{0,14}$/);
const families: fc.Arbitrary<IpFamily> = fc.constantFrom(4, 6);

function address(family: IpFamily): fc.Arbitrary<IpAddress> {
  if (family === 4) return u32.map((value) => IpAddress.v4(value));
  // Not the mapped ones, which are IPv4.
  return fc
    .tuple(fc.integer({ min: 1, max: 0xffff_ffff }), u32, u32, u32)
    .map((words) => IpAddress.fromWords(...words));
}

function range(family: IpFamily): fc.Arbitrary<Cidr> {
  const max = family === 4 ? 32 : 128;
  return fc
    .tuple(address(family), fc.integer({ min: 0, max }))
    .map(([first, length]) => Cidr.of(first, length));
}

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

type Fields<T> = { [K in keyof T]: fc.Arbitrary<T[K]> };

/** An object of a family, of which every field has a value of its kind. */
function ofFamily<T extends { family: IpFamily }>(
  fields: (family: IpFamily) => Fields<Omit<T, "family">>,
): fc.Arbitrary<T> {
  return families.chain((family) => {
    const all = { ...fields(family), family: fc.constant(family) } as unknown as Fields<T>;
    return fc.record<T>(all, { noNullPrototype: true });
  });
}

function rewritten<T>(
  value: T,
  write: (writer: MessageWriter, value: T) => void,
  read: (message: Message) => T | undefined,
): T | undefined {
  const writer = new MessageWriter(65536);
  writer.begin(24, 0, 1);
  write(writer, value);
  writer.end();
  const [message] = readMessages(writer.finish());
  return message && read(message);
}

const hop: fc.Arbitrary<NextHop> = fc.record(
  {
    link: maybe(index),
    gateway: maybe(families.chain(address)),
    weight: fc.integer({ min: 1, max: 256 }),
    isOnLink: fc.boolean(),
  },
  { noNullPrototype: true },
);

const route = ofFamily<Route>((family) => ({
  destination: range(family),
  source: maybe(range(family)),
  table: u32,
  protocol: u8,
  scope: u8,
  type: fc.constantFrom("unicast", "local", "blackhole", "unreachable", "throw"),
  tos: u8,
  gateway: maybe(families.chain(address)),
  link: maybe(index),
  preferredSource: maybe(address(family)),
  metric: maybe(u32),
  mtu: maybe(u32),
  advertisedMss: maybe(u32),
  isOnLink: fc.boolean(),
  nextHops: fc.array(hop, { maxLength: 4 }),
}));

property("a route", route, (value) => {
  assert.deepEqual(
    rewritten(value, (writer, each) => writeRoute(writer, each, true), readRoute),
    value,
  );
});

const ports = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffff }))
  .map(([first, last]) => ({ first, last }));

const rule = ofFamily<Rule>((family) => ({
  priority: u32,
  action: fc.constantFrom("table", "goto", "nop", "blackhole", "unreachable", "prohibit"),
  table: u32,
  target: maybe(u32),
  source: maybe(range(family)),
  destination: maybe(range(family)),
  mark: u32,
  markMask: u32,
  inputLink: maybe(name),
  outputLink: maybe(name),
  isL3mdev: fc.boolean(),
  ipProtocol: maybe(u8),
  sourcePorts: maybe(ports),
  destinationPorts: maybe(ports),
  tos: u8,
  isInverted: fc.boolean(),
  suppressPrefixLength: maybe(fc.integer({ min: 0, max: 128 })),
  protocol: u8,
})).map((each) => ({
  ...each,
  table: each.action === "table" && !each.isL3mdev ? each.table : undefined,
}));

property("a rule", rule, (value) => {
  assert.deepEqual(
    rewritten(value, (writer, each) => writeRule(writer, each, true), readRule),
    value,
  );
});

const SETTABLE_FLAGS = 0x206;

const ownAddress = ofFamily<Address>((family) => ({
  link: index,
  address: address(family),
  prefixLength: fc.integer({ min: 0, max: family === 4 ? 32 : 128 }),
  peer: maybe(address(family)),
  broadcast: maybe(address(family)),
  scope: u8,
  flags: u32.map((bits) => bits & SETTABLE_FLAGS),
  label: maybe(name),
  metric: maybe(u32),
  protocol: maybe(u8),
  validSeconds: maybe(fc.integer({ min: 0, max: 0xffff_fffe })),
  preferredSeconds: maybe(fc.integer({ min: 0, max: 0xffff_fffe })),
})).map((each) => ({
  ...each,
  peer: each.peer?.equals(each.address) === true ? undefined : each.peer,
  preferredSeconds: each.preferredSeconds ?? each.validSeconds,
}));

property("an address", ownAddress, (value) => {
  assert.deepEqual(rewritten(value, writeAddress, readAddress), value);
});

const neighbour = ofFamily<Neighbour>((family) => ({
  link: index,
  address: address(family),
  mac: maybe(
    fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => MacAddress.fromBytes(bytes)),
  ),
  state: fc.integer({ min: 0, max: 0xffff }),
  flags: u8.map((bits) => bits & ~8),
  isProxy: fc.boolean(),
  isManaged: fc.boolean(),
  protocol: u8,
}));

property("a neighbour", neighbour, (value) => {
  assert.deepEqual(rewritten(value, writeNeighbour, readNeighbour), value);
});
