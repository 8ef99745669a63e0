import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DropReason } from "#abi";
import { packet } from "#packet";
import { openWorld, PODS, tcp, udp, type World } from "./world.ts";

const LENGTH = BigInt(udp("a:1000", "b:53").length);

/** Packets by reason: those in egress, and those in ingress. */
function counted(world: World): [Record<string, number>, Record<string, number>] {
  const { egress, ingress } = world.rig.counts();
  const numbers = (traffic: typeof egress): Record<string, number> =>
    Object.fromEntries(
      [...traffic].map(([reason, { packets, bytes }]) => {
        assert.equal(bytes, packets * LENGTH);
        return [reason, Number(packets)];
      }),
    );
  return [numbers(egress), numbers(ingress)];
}

void describe("packets and bytes are counted", () => {
  const world = openWorld();

  test("between pods, on both sides", () => {
    for (let round = 0; round < 3; round++) world.sends("a", udp("a:1000", "b:53"), "redirect");
    assert.deepEqual(counted(world), [{ 0: 3 }, { 0: 3 }]);
  });

  test("to the stack and to a proxy, in egress", () => {
    world.sends("a", udp("a:1000", "x:53"), "continue");
    world.policy("a", [{ direction: "egress", effect: "redirect", proxyPort: 9 }]);
    world.sends("a", udp("a:1000", "b:53"), { verdict: "continue", mark: 0x0009_0200 });
    assert.deepEqual(counted(world), [{ 0: 2 }, {}]);
  });

  test("from the stack, in ingress", () => {
    world.receives("a", udp("x:1000", "a:53"), "continue");
    assert.deepEqual(counted(world), [{}, { 0: 1 }]);
  });

  test("that a side denies, on that side", () => {
    world.policy("b", []);
    world.sends("a", udp("a:1000", "b:53"), "drop policy-denied");
    assert.deepEqual(counted(world), [{}, { [DropReason.dropPolicyDenied]: 1 }]);
    world.sends("b", udp("b:1000", "a:53"), "drop policy-denied");
    assert.deepEqual(counted(world), [
      { [DropReason.dropPolicyDenied]: 1 },
      { [DropReason.dropPolicyDenied]: 1 },
    ]);
    world.receives("b", udp("x:1000", "b:53"), "drop policy-denied");
    assert.equal(counted(world)[1][DropReason.dropPolicyDenied], 2);
  });

  test("that are dropped before policy is asked, where they came from", () => {
    world.sends("a", udp("b:1000", "a:53"), "drop invalid-source-ip");
    world.receives("b", udp("x:1000", "a:53"), "drop unknown-target");
    assert.deepEqual(counted(world), [
      { [DropReason.dropInvalidSourceIp]: 1 },
      { [DropReason.dropUnknownTarget]: 1 },
    ]);
  });

  test("that are denied when they are judged again, on the side that denies", () => {
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.policy("b", []);
    world.sends("b", udp("b:53", "a:1000"), "drop policy-denied");
    assert.deepEqual(counted(world), [{ 0: 1 }, { 0: 1, [DropReason.dropPolicyDenied]: 1 }]);
  });

  test("of neighbours only where they are forged", () => {
    const { a } = PODS;
    const arp = (senderMac: string): Uint8Array =>
      packet()
        .ethernet({ source: a.mac })
        .arp({ senderMac, senderIp: a.ipv4, targetIp: "10.0.0.254" })
        .build();
    assert.equal(world.rig.run("from_pod", a.slot, arp(a.mac)).action, 7);
    assert.deepEqual(counted(world), [{}, {}]);
    world.rig.run("from_pod", a.slot, arp(PODS.b.mac));
    assert.equal(world.rig.counts().egress.get(DropReason.dropInvalidSourceIp)?.packets, 1n);
  });
});

void describe("flows are counted", () => {
  const world = openWorld();
  test("that were created, and that were found again, in each table", () => {
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("a", tcp("a:1000", "b:80", "A"), "redirect");
    world.sends("a", tcp("a:1001", "b:80", "A"), "redirect");
    world.sends("a", udp("a:1001", "b:80"), "redirect");
    world.sends("a", udp("a:1001", "b:80"), "redirect");
    assert.deepEqual(world.rig.counts().tcp, { created: 2n, recovered: 1n, failed: 0n });
    assert.deepEqual(world.rig.counts().other, { created: 1n, recovered: 0n, failed: 0n });
  });
});

void describe("expired flows", () => {
  const world = openWorld({
    settings: { tcp_opening_timeout: 10, tcp_timeout: 100, other_timeout: 20 },
  });
  test("are collected, each by its own timeout, and no others", () => {
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("a", tcp("a:1001", "b:80"), "redirect");
    world.sends("b", tcp("b:80", "a:1001", "SA"), "redirect");
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.wait(10);
    assert.deepEqual(world.rig.collect("tcp"), { kept: 2, removed: 0 });
    world.wait(1);
    assert.deepEqual(world.rig.collect("tcp"), { kept: 1, removed: 1 });
    assert.deepEqual(world.rig.collect("other"), { kept: 1, removed: 0 });
    world.wait(10);
    assert.deepEqual(world.rig.collect("other"), { kept: 0, removed: 1 });
    assert.deepEqual(world.flows(), ["tcp a:1001 > b:80 reply"]);
    world.wait(80);
    assert.deepEqual(world.rig.collect("tcp"), { kept: 0, removed: 1 });
  });
});
