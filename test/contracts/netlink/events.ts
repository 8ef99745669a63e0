import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch, type NetlinkEvent, type Subscription } from "#netlink";
import { cidr, ip, type MakeWorld, pair, veth } from "./world.ts";

/** Takes events until one fits; answers it. */
async function next(
  events: AsyncIterator<NetlinkEvent>,
  isWanted: (event: NetlinkEvent) => boolean,
): Promise<NetlinkEvent> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error("the events ended");
    if (isWanted(value)) return value;
  }
}

function iterate(subscription: Subscription): AsyncIterator<NetlinkEvent> {
  return subscription[Symbol.asyncIterator]();
}

export function batchContract(makeWorld: MakeWorld): void {
  test("a batch is made in order, each change with its own outcome", () => {
    using world = makeWorld();
    const { netlink } = world.place("one");
    const batch = new Batch();
    batch.links.create({ ...veth("a", "b", { index: 10, peerIndex: 20 }), isUp: true });
    batch.links.create(veth("a", "c"));
    batch.links.set("b", { isUp: true });
    batch.addresses.add({ link: 10, address: ip("10.0.0.1"), prefixLength: 24 });
    batch.addresses.add({ link: 10, address: ip("10.0.0.1"), prefixLength: 24 });
    batch.routes.add({ destination: cidr("10.1.0.0/16"), gateway: ip("10.0.0.2") });
    const outcomes = netlink.apply(batch.changes);
    assert.deepEqual(
      outcomes.map(({ error }) => error?.errnoName),
      [undefined, "EEXIST", undefined, undefined, "EEXIST", undefined],
    );
    assert.equal(outcomes[1]?.change, batch.changes[1]);
    assert.match(outcomes[1]?.error?.message ?? "", /^creating veth link a: EEXIST/);
    assert.equal(netlink.routes.list({ protocol: 4 }).length, 1);
    assert.deepEqual(netlink.apply([]), []);
  });

  test("a batch of many is made whole", async () => {
    using world = makeWorld();
    const { netlink } = pair(world).here;
    const count = 1000;
    const batch = new Batch();
    for (let index = 0; index < count; index++) {
      const destination = cidr(`10.${100 + (index >> 8)}.${index & 255}.0/24`);
      batch.routes.add({ destination, link: 10 });
    }
    const outcomes = await netlink.applyAsync([...batch.changes, ...batch.changes.slice(0, 1)]);
    assert.equal(outcomes.length, count + 1);
    assert.deepEqual(
      outcomes.flatMap(({ error }, index) => (error === undefined ? [] : [index])),
      [count],
    );
    assert.equal(netlink.routes.list({ family: 4, link: 10, protocol: 4 }).length, count);
    assert.equal((await netlink.async.routes.list({ family: 4, protocol: 4 })).length, count);
  });
}

export function eventContract(makeWorld: MakeWorld): void {
  test("a subscription tells of changes, whoever makes them", async () => {
    using world = makeWorld();
    const { here } = pair(world);
    const { netlink } = here;
    using subscription = netlink.subscribe(["link", "address", "route", "rule", "neighbour"]);
    const events = iterate(subscription);
    netlink.links.set(10, { alias: "seen" });
    const link = await next(
      events,
      (event) => event.kind === "link" && event.object.alias === "seen",
    );
    assert.ok(link.kind === "link");
    assert.deepEqual([link.action, link.object.name], ["set", "left"]);

    const address = { link: 10, address: ip("10.0.0.1"), prefixLength: 24 };
    netlink.addresses.add(address);
    netlink.addresses.delete(address);
    for (const action of ["set", "deleted"]) {
      const told = await next(
        events,
        (event) => event.kind === "address" && event.object.address.key === "10.0.0.1",
      );
      assert.ok(told.kind === "address");
      assert.equal(told.action, action);
    }
    const route = { destination: cidr("10.1.0.0/16"), link: 10 };
    netlink.routes.add(route);
    netlink.routes.delete(route);
    for (const action of ["set", "deleted"]) {
      const told = await next(
        events,
        (event) => event.kind === "route" && event.object.destination.key === "10.1.0.0/16",
      );
      assert.ok(told.kind === "route");
      assert.equal(told.action, action);
    }
    netlink.rules.add({ family: 4, priority: 5, table: 100 });
    const rule = await next(events, ({ kind }) => kind === "rule");
    assert.ok(rule.kind === "rule");
    assert.deepEqual([rule.action, rule.object.priority], ["set", 5]);
    netlink.links.delete(10);
    const gone = await next(events, (event) => event.kind === "link" && event.action === "deleted");
    assert.ok(gone.kind === "link");
    assert.equal(gone.object.name, "left");
    assert.equal(subscription.losses, 0);
  });

  test("of IPv4 routes that go with their device nobody is told", async () => {
    using world = makeWorld();
    const { netlink } = pair(world).here;
    const destination = cidr("10.1.0.0/16");
    netlink.routes.add({ destination, link: 10 });
    using subscription = netlink.subscribe(["route"]);
    netlink.links.set(10, { isUp: false });
    netlink.links.set("lo", { isUp: true });
    netlink.routes.add({ destination, type: "blackhole" });
    const events = iterate(subscription);
    const told = await next(
      events,
      (event) => event.kind === "route" && event.object.destination.equals(destination),
    );
    assert.ok(told.kind === "route");
    assert.deepEqual([told.action, told.object.type], ["set", "blackhole"]);
  });

  test("filters and qdiscs are told of", async () => {
    using world = makeWorld();
    const { netlink } = pair(world).here;
    using subscription = netlink.subscribe(["traffic"]);
    const events = iterate(subscription);
    netlink.qdiscs.add({ link: 10, kind: "clsact" });
    const key = { link: 10, hook: "ingress", priority: 3, handle: 1 } as const;
    netlink.filters.add({ ...key, programFd: world.program().fd, name: "pod.from" });
    const qdisc = await next(events, ({ kind }) => kind === "qdisc");
    assert.equal(qdisc.kind === "qdisc" && qdisc.object.kind, "clsact");
    const filter = await next(events, ({ kind }) => kind === "filter");
    assert.ok(filter.kind === "filter");
    assert.deepEqual([filter.object.hook, filter.object.priority], ["ingress", 3]);
  });

  test("it tells of nothing else, nothing of other namespaces, and ends when it is disposed of", async () => {
    using world = makeWorld();
    const { here, there } = pair(world);
    using subscription = here.netlink.subscribe(["rule"]);
    here.netlink.links.set(10, { alias: "x" });
    there.netlink.rules.add({ family: 4, priority: 6, table: 100 });
    here.netlink.rules.add({ family: 4, priority: 7, table: 100 });
    const events = iterate(subscription);
    const { value } = await events.next();
    assert.ok(value?.kind === "rule");
    assert.equal(value.object.priority, 7);
    const last = events.next();
    subscription[Symbol.dispose]();
    assert.equal((await last).done, true);
  });

  test("a reader who is too slow is told that events were lost, and where", async () => {
    using world = makeWorld();
    const { netlink } = world.place("one");
    using subscription = netlink.subscribe(["rule"], { maxQueued: 3 });
    const rule = (priority: number) => ({ family: 4, priority, table: 100 }) as const;
    for (let priority = 1; priority <= 10; priority++) netlink.rules.add(rule(priority));
    // Long enough for all of them to have come.
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    const events = iterate(subscription);
    for (const priority of [1, 2, 3]) {
      const { value } = await events.next();
      assert.equal(value?.kind === "rule" && value.object.priority, priority);
    }
    assert.equal((await events.next()).value?.kind, "lost");
    assert.equal(subscription.losses > 0, true);
    netlink.rules.add(rule(11));
    const { value } = await events.next();
    assert.equal(value?.kind === "rule" && value.object.priority, 11);
  });
}
