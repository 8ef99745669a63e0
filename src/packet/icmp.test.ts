import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePacket, Icmpv4Type, Icmpv6Type, packet } from "#packet";

const ip = packet().ipv4({ source: "10.0.0.1", destination: "10.0.0.2" });
const ip6 = packet().ipv6({ source: "fd00::1", destination: "fd00::2" });

test("messages of ICMP have the types of their names", () => {
  const types = [
    ["echo-reply", Icmpv4Type.echoReply],
    ["unreachable", Icmpv4Type.unreachable],
    ["redirect", Icmpv4Type.redirect],
    ["echo-request", Icmpv4Type.echoRequest],
    ["time-exceeded", Icmpv4Type.timeExceeded],
    ["parameter-problem", Icmpv4Type.parameterProblem],
  ] as const;
  for (const [message, type] of types) {
    const { transport } = decodePacket(ip.icmp({ message }).build(), { from: "ip" });
    assert.ok(transport?.kind === "icmpv4" && transport.message === message);
    assert.equal(transport.type, type);
  }
});

test("messages of ICMPv6 have the types of their names", () => {
  const types = [
    ["unreachable", Icmpv6Type.unreachable],
    ["packet-too-big", Icmpv6Type.packetTooBig],
    ["time-exceeded", Icmpv6Type.timeExceeded],
    ["parameter-problem", Icmpv6Type.parameterProblem],
    ["echo-request", Icmpv6Type.echoRequest],
    ["echo-reply", Icmpv6Type.echoReply],
    ["router-solicitation", Icmpv6Type.routerSolicitation],
    ["router-advertisement", Icmpv6Type.routerAdvertisement],
    ["neighbour-solicitation", Icmpv6Type.neighbourSolicitation],
    ["neighbour-advertisement", Icmpv6Type.neighbourAdvertisement],
    ["redirect", Icmpv6Type.redirect],
  ] as const;
  for (const [message, type] of types) {
    const { transport } = decodePacket(ip6.icmpv6({ message }).build(), { from: "ip" });
    assert.ok(transport?.kind === "icmpv6" && transport.message === message);
    assert.equal(transport.type, type);
  }
});

test("an option of neighbour discovery that sets reserved bits stays raw", () => {
  // Kind, and the place of a byte that is to be zero, counted from after type and length.
  const options = [
    ["mtu", { kind: "mtu", mtu: 1500 }, 0],
    ["redirected-header", { kind: "redirected-header", embedded: new Uint8Array(2) }, 5],
    ["prefix", prefixOption(), 1],
    ["prefix", prefixOption(), 13],
  ] as const;
  for (const [kind, option, at] of options) {
    const bytes = ip6.icmpv6({ message: "router-solicitation", options: [option] }).build();
    const kindIn = (packetBytes: Uint8Array): string | undefined => {
      const { transport } = decodePacket(packetBytes, { from: "ip" });
      return transport?.kind === "icmpv6" && "options" in transport
        ? transport.options[0]?.kind
        : undefined;
    };
    assert.equal(kindIn(bytes), kind);
    bytes[50 + at] = 1;
    assert.equal(kindIn(bytes), "raw");
  }
});

function prefixOption() {
  return {
    kind: "prefix",
    prefix: "fd00::",
    length: 64,
    onLink: true,
    autonomous: false,
    validSeconds: 2,
    preferredSeconds: 1,
  } as const;
}
