import assert from "node:assert/strict";
import { test } from "node:test";
import { FlowEventKind, FlowState, ObservationPoint, trafficCodec } from "#abi";
import { AsyncScope, IpAddress, toHex } from "#base";
import { perCpu } from "#ebpf";
import { writeSysctl } from "#netlink";
import { addressOf, dial, ping, serve, transfer, tryTcp, tryUdp } from "./world/traffic.ts";
import { World } from "./world/world.ts";

// Without policies everybody reaches everybody, by whatever there is.

/** As told: what was thrown away, by reason. */
function drops(world: World): string[] {
  return world
    .takeEvents()
    .filter(({ kind }) => kind === FlowEventKind.eventDrop)
    .map(({ reason, packet }) => `${reason}: ${toHex(packet)}`);
}

const MEGABYTE = 1 << 20;
const TRANSFER_BYTES = 16 * MEGABYTE;

for (const family of [4, 6] as const) {
  test(`pods and their host reach each other over IPv${family}`, async () => {
    await using scope = new AsyncScope();
    const world = scope.use(await World.start());
    const [a, b] = [await world.addPod("shop/a"), await world.addPod("shop/b")];
    const places = [a, b, world.node];
    for (const place of places) await serve(scope, place, 8000);
    for (const from of places) {
      for (const to of places) {
        const address = addressOf(to, family);
        const who = `from ${from.name} to ${to.name}`;
        assert.equal(await ping(from, address), "reached", `ping ${who}`);
        assert.equal(await tryUdp(from, address, 8000), "reached", `UDP ${who}`);
        assert.equal(await tryTcp(from, address, 8000), "reached", `TCP ${who}`);
        assert.equal(await tryTcp(from, address, 8001), "refused", `TCP to a closed port ${who}`);
        assert.equal(await tryUdp(from, address, 8001), "refused", `UDP to a closed port ${who}`);
      }
    }
    assert.deepEqual(drops(world), []);
  });

  test(`packets in fragments come together again over IPv${family}`, async () => {
    await using scope = new AsyncScope();
    const world = scope.use(await World.start());
    const [a, b] = [await world.addPod("shop/a"), await world.addPod("shop/b")];
    for (const [from, to] of [
      [a, b],
      [a, world.node],
      [world.node, a],
    ] as const) {
      const address = addressOf(to, family);
      assert.equal(await ping(from, address, 9000), "reached", `${from.name} to ${to.name}`);
    }
    assert.deepEqual(drops(world), []);
  });

  test(`megabytes go both ways at once over IPv${family}`, async () => {
    await using scope = new AsyncScope();
    const world = scope.use(await World.start());
    const [a, b] = [await world.addPod("shop/a"), await world.addPod("shop/b")];
    for (const place of [a, b, world.node]) await serve(scope, place, 8000);
    for (const [from, to] of [
      [a, b],
      [a, world.node],
      [world.node, b],
    ] as const) {
      const socket = await dial(from, addressOf(to, family), 8000);
      assert.ok(typeof socket !== "string", `${from.name} to ${to.name}`);
      scope.defer(() => void socket.destroy());
      assert.equal(await transfer(socket, TRANSFER_BYTES), TRANSFER_BYTES);
    }
  });
}

test("what pods of a node say to each other goes by no other device, and is counted and told", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(await World.start());
  const [a, b] = [await world.addPod("shop/a"), await world.addPod("shop/b")];
  await serve(scope, b, 8000);
  // With forwarding off, the host's stack could not have done it.
  writeSysctl("net.ipv4.ip_forward", 0, { namespace: world.node.namespace });
  assert.equal(await tryTcp(a, b.ipv4, 8000), "reached");
  const events = world.takeEvents().filter(({ protocol }) => protocol === 6);
  assert.deepEqual(
    events.slice(0, 2).map(({ point, slot, state }) => ({ point, slot, state })),
    [
      { point: ObservationPoint.toEndpoint, slot: [a.slot, b.slot], state: 0 },
      { point: ObservationPoint.toEndpoint, slot: [b.slot, a.slot], state: 2 },
    ],
  );
  assert.deepEqual(
    events
      .slice(0, 2)
      .map(({ sourcePort, destinationPort }) => [sourcePort === 8000, destinationPort === 8000]),
    [
      [false, true],
      [true, false],
    ],
  );
  const passed = world.datapath.maps.metrics.lookup(Uint8Array.of(0, 0, 0, 0));
  const counts = perCpu(trafficCodec).decode(passed ?? new Uint8Array());
  const packets = counts.reduce((sum, each) => sum + Number(each.packets), 0);
  assert.ok(packets >= 8, `${packets} packets make a connection`);
});

test("a pod hears from its host that there is no way", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(await World.start());
  const a = await world.addPod("shop/a");
  assert.equal(await tryTcp(a, IpAddress.parse("192.0.2.1"), 8000), "unreachable");
  assert.equal(await ping(a, IpAddress.parse("2001:db8::1")), "blocked");
  const told = world.takeEvents().filter(({ state }) => state === FlowState.stateRelated);
  assert.deepEqual(
    told.map(({ point, protocol, slot }) => ({ point, protocol, slot })),
    // Of IPv6, the pod's kernel gets to know, and keeps it from who asks.
    [1, 58].map((protocol) => ({
      point: ObservationPoint.toEndpoint,
      protocol,
      slot: [0, a.slot],
    })),
  );
});
