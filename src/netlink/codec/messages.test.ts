import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError, IpAddress } from "#base";
import { kernelMessages } from "../testdata/messages.ts";
import { readGenericFamily } from "./generic.ts";
import { type Message, readAcknowledgement, readDone, readMessages } from "./message.ts";
import { readEvent, readObject } from "./objects.ts";
import type { ObjectKind, ObjectOf } from "../types.ts";
import { MessageFlag, RTM } from "./wire.ts";
import { MessageWriter } from "./writer.ts";

function captured(what: string): Message[] {
  return kernelMessages()
    .filter((each) => each.what.startsWith(what))
    .flatMap(({ bytes }) => readMessages(bytes));
}

function objects<K extends ObjectKind>(kind: K, what: string): ObjectOf<K>[] {
  return captured(what).flatMap((message) => readObject(kind, message) ?? []);
}

/** One message, whose body `write` writes. */
function oneMessage(type: number, write: (writer: MessageWriter) => void, flags = 0): Uint8Array {
  const writer = new MessageWriter(4096);
  writer.begin(type, flags, 1);
  write(writer);
  writer.end();
  return writer.finish();
}

function only(bytes: Uint8Array): Message {
  const [first, ...others] = readMessages(bytes);
  assert.ok(first !== undefined && others.length === 0);
  return first;
}

test("links of a kernel are read with the options of their kind", () => {
  const links = objects("link", "links");
  assert.deepEqual(
    links.map(({ index, name, details }) => [index, name, details?.kind]),
    [
      [1, "lo", undefined],
      [2, "tun0", "tun"],
      [10, "left", "veth"],
      [11, "br0", "bridge"],
      [12, "vx0", "vxlan"],
      [13, "vx7", "vxlan"],
      [14, "mv0", "macvlan"],
    ],
  );
  const [, tun, left, bridge, external, vxlan, macvlan] = links;
  assert.deepEqual(
    [left?.mac?.key, left?.parent, left?.parentNamespaceId, left?.alias, left?.isUp],
    ["02:00:00:00:00:01", 20, 0, "of pod a", true],
  );
  assert.deepEqual([left?.mtu, left?.qdisc, left?.txQueueLength], [1500, "noqueue", 1000]);
  assert.equal(bridge?.details?.kind === "bridge" && bridge.details.forwardDelayMs, 15_000);
  assert.equal(external?.details?.kind === "vxlan" && external.details.isExternal, true);
  assert.deepEqual(vxlan?.details, {
    kind: "vxlan",
    isExternal: false,
    id: 7,
    parent: undefined,
    local: IpAddress.parse("fd00::1"),
    remote: undefined,
    port: 4789,
    sourcePorts: { first: 1000, last: 2000 },
    isLearning: true,
    ttl: 0,
    tos: 0,
    hasUdpChecksum: true,
    isUdp6ZeroChecksumSent: false,
    isUdp6ZeroChecksumTaken: false,
  });
  assert.deepEqual(macvlan?.details, { kind: "macvlan", mode: "bridge" });
  assert.equal(macvlan?.parent, 10);
  assert.equal(tun?.mac, undefined);
});

test("addresses, rules and neighbours of a kernel are read", () => {
  const addresses = objects("address", "addresses").map(
    ({ link, address, prefixLength, peer, label, validSeconds }) =>
      `${link} ${address.key}/${prefixLength} ${peer?.key} ${label} ${validSeconds}`,
  );
  assert.deepEqual(addresses, [
    "1 127.0.0.1/8 undefined lo undefined",
    "10 10.0.0.1/24 undefined left:1 undefined",
    "10 10.9.0.1/32 10.9.0.2 left 600",
    "1 ::1/128 undefined undefined undefined",
    "10 fd00::1/64 undefined undefined undefined",
  ]);
  const rule = objects("rule", "rules").find(({ priority }) => priority === 9);
  assert.deepEqual(
    [rule?.source?.key, rule?.destination?.key, rule?.mark, rule?.markMask, rule?.inputLink],
    ["10.0.0.0/8", "10.1.0.0/16", 1, 0xf, "lxc1"],
  );
  assert.deepEqual(
    [rule?.destinationPorts, rule?.isInverted, rule?.suppressPrefixLength, rule?.ipProtocol],
    [{ first: 80, last: 90 }, true, 3, 6],
  );
  const neighbours = objects("neighbour", "neighbours").map(
    ({ address, mac, isManaged, isProxy }) => [address.key, mac?.key, isManaged, isProxy],
  );
  assert.deepEqual(neighbours, [
    ["10.0.0.2", "02:00:00:00:00:09", false, false],
    ["fd00::2", undefined, true, false],
    ["10.0.0.9", undefined, false, true],
  ]);
});

test("routes of a kernel are read, with gateways of the other family and several hops", () => {
  const routes = objects("route", "routes").map(
    ({ destination, type, gateway, mtu, metric, nextHops }) => ({
      to: `${type} ${destination.key}`,
      by: gateway?.key ?? nextHops.map((hop) => `${hop.gateway?.key} ${hop.weight}`),
      mtu,
      metric,
    }),
  );
  assert.deepEqual(routes.slice(0, 4), [
    { to: "unicast 10.1.0.0/16", by: "10.0.0.2", mtu: 1400, metric: 7 },
    {
      to: "unicast 10.2.0.0/16",
      by: ["10.0.0.2 2", "10.0.0.3 1"],
      mtu: undefined,
      metric: undefined,
    },
    { to: "unicast 10.3.0.0/16", by: "fd00::5", mtu: undefined, metric: undefined },
    { to: "blackhole 10.4.0.0/16", by: [], mtu: undefined, metric: undefined },
  ]);
});

test("qdiscs, filters and namespace ids of a kernel are read", () => {
  const qdiscs = objects("qdisc", "qdiscs").map(({ link, kind }) => `${link} ${kind}`);
  assert.deepEqual(qdiscs, ["1 noqueue", "10 noqueue", "10 clsact"]);
  const [filter, ...others] = objects("filter", "filters");
  assert.deepEqual(others, [], "the place of a filter is not one itself");
  assert.deepEqual(
    [filter?.hook, filter?.priority, filter?.handle, filter?.protocol, filter?.bpf?.name],
    ["ingress", 1, 1, 3, "pod.from"],
  );
  assert.match(filter?.bpf?.programTag ?? "", /^[0-9a-f]{16}$/);
  assert.deepEqual(objects("namespaceId", "namespaceIds"), [{ id: 0 }]);
});

test("what a kernel says about an error is read, and where it points", () => {
  const [small, wide] = captured("error").map((each) => readAcknowledgement(each));
  assert.equal(small?.errno, 22);
  assert.equal(small?.extended?.message, "mtu less than device minimum");
  assert.equal(wide?.errno, 34);
  assert.equal(typeof wide?.extended?.offset, "number");
});

test("a family of generic netlink is read", () => {
  const [control] = captured("generic").map((each) => readGenericFamily(each));
  assert.deepEqual([control?.id, control?.name, control?.version], [16, "nlctrl", 2]);
  assert.deepEqual([...(control?.groups.keys() ?? [])], ["notify"]);
});

test("an acknowledgement may have the whole request in it, before the kernel's words", () => {
  const bytes = oneMessage(
    2,
    (writer) => {
      writer.bytes.i32le(-17).u32le(24).u16le(16).u16le(0).u32le(1).u32le(0);
      writer.bytes.u32le(0xdead).u32le(0xbeef);
      writer.text(1, "Device exists");
    },
    MessageFlag.ackAttributes,
  );
  const { errno, extended } = readAcknowledgement(only(bytes));
  assert.deepEqual([errno, extended?.message], [17, "Device exists"]);
});

test("the end of a list can be a failure", () => {
  const done = (code: number): Uint8Array =>
    oneMessage(3, (writer) => void writer.bytes.i32le(code));
  assert.equal(readDone(only(done(-95))).errno, 95);
  assert.equal(readDone(only(done(0))).errno, 0);
  assert.equal(readDone(only(done(12))).errno, 0);
});

test("what bridges and radios say about links is not about links", () => {
  const bridge = oneMessage(RTM.NEWLINK, (writer) => {
    writer.bytes.u8(7).u8(0).u16le(1).i32le(10).u32le(0).u32le(0);
  });
  assert.equal(readEvent(only(bridge)), undefined);
  const radio = oneMessage(RTM.NEWLINK, (writer) => {
    writer.bytes.u8(0).u8(0).u16le(1).i32le(10).u32le(0).u32le(0);
    writer.raw(11, new Uint8Array(8));
  });
  assert.equal(readEvent(only(radio)), undefined);
  const unknown = oneMessage(199, (writer) => void writer.bytes.u32le(0));
  assert.equal(readEvent(only(unknown)), undefined);
});

test("a name that is no UTF-8 is read all the same", () => {
  const bytes = oneMessage(RTM.NEWLINK, (writer) => {
    writer.bytes.u8(0).u8(0).u16le(1).i32le(10).u32le(0).u32le(0);
    writer.raw(3, Uint8Array.of(0x61, 0xff, 0x62, 0));
  });
  assert.equal(readObject("link", only(bytes))?.name, "a\ufffdb");
});

test("lengths that cannot be are told with their place, and end nothing in a loop", () => {
  const good = kernelMessages()[0]?.bytes ?? assert.fail("there are messages");
  const cut = good.slice(0, good.length - 5);
  assert.throws(() => readMessages(cut), DecodeError);
  assert.throws(() => readMessages(good.slice(0, 15)), /15 bytes are left after the last message/);
  for (const length of [0, 3, 0xffff]) {
    const bytes = oneMessage(RTM.NEWLINK, (writer) => {
      writer.bytes.u8(0).u8(0).u16le(1).i32le(10).u32le(0).u32le(0);
      writer.bytes.u16le(length).u16le(3).u32le(0);
    });
    const read = (): unknown => readObject("link", only(bytes));
    assert.throws(read, (error) => error instanceof DecodeError && error.offset === 32);
  }
  const short = oneMessage(RTM.NEWLINK, (writer) => {
    writer.bytes.u8(0).u8(0).u16le(1).i32le(10).u32le(0).u32le(0);
    writer.u16(4, 1500);
  });
  assert.throws(() => readObject("link", only(short)), /attribute 4: 4 bytes needed, 2 there/);
});
