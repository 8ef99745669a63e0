import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr } from "#base";
import { Batch, createAnonymousNamespace, type Netlink, openNetlink } from "#netlink";

function namespaceWith(body: (netlink: Netlink) => Promise<void>): () => Promise<void> {
  return async () => {
    using namespace = createAnonymousNamespace("client");
    using netlink = openNetlink({ namespace });
    const peer = { name: "b" };
    netlink.links.create({ name: "a", index: 10, isUp: true, details: { kind: "veth", peer } });
    await body(netlink);
  };
}

function manyRoutes(count: number): Batch {
  const batch = new Batch();
  const range = Cidr.parse("10.0.0.0/8");
  for (let index = 0; index < count; index++) {
    const destination = Cidr.parse(`${range.nth(index * 256)?.key}/24`);
    batch.routes.add({ destination, link: 10 });
  }
  return batch;
}

test(
  "a list that does not fit one datagram comes whole",
  namespaceWith(async (netlink) => {
    const count = 5_000;
    const outcomes = netlink.apply(manyRoutes(count).changes);
    assert.deepEqual(
      outcomes.filter(({ error }) => error !== undefined),
      [],
    );
    const own = { protocol: 4 } as const;
    assert.equal(netlink.routes.list(own).length, count);
    assert.equal((await netlink.async.routes.list(own)).length, count);
  }),
);

test(
  "work on another thread is done in turn, beside that of the calling thread",
  namespaceWith(async (netlink) => {
    const order: string[] = [];
    const later = [
      netlink.async.links.set(10, { alias: "one" }).then(() => order.push("one")),
      netlink.async.links.list().then((links) => order.push(`${links.length} links`)),
      netlink.async.links.delete("a").then(() => order.push("deleted")),
      netlink.async.links
        .get("a")
        .then((link) => order.push(link === undefined ? "gone" : "there")),
      netlink.async.links.delete("a").catch(() => order.push("refused")),
    ];
    assert.equal(netlink.links.get("a")?.alias, undefined);
    await Promise.all(later);
    assert.deepEqual(order, ["one", "3 links", "deleted", "gone", "refused"]);
  }),
);

test("what is still under way when it is closed is finished, and what waits is refused", async () => {
  using namespace = createAnonymousNamespace("client");
  const netlink = openNetlink({ namespace });
  netlink.links.create({ name: "a", details: { kind: "veth", peer: { name: "b" } } });
  const first = netlink.async.links.delete("a");
  // By now it is with the other thread.
  await Promise.resolve();
  const second = netlink.async.links.delete("b");
  netlink[Symbol.dispose]();
  await first;
  await assert.rejects(second, /the netlink socket is closed/);
  assert.throws(() => netlink.links.list(), /used after close/);
});

test(
  "events that the kernel had no room for are told as lost, once for a gap",
  namespaceWith(async (netlink) => {
    using subscription = netlink.subscribe(["route"], { receiveBytes: 4096 });
    netlink.apply(manyRoutes(2_000).changes);
    const seen: string[] = [];
    for await (const event of subscription) {
      seen.push(event.kind);
      if (event.kind === "lost") break;
    }
    assert.deepEqual(new Set(seen), new Set(["lost"]));
    assert.equal(subscription.losses, 1);
    const events = subscription[Symbol.asyncIterator]();
    const destination = Cidr.parse("172.16.0.0/12");
    netlink.routes.add({ destination, type: "blackhole" });
    const { value } = await events.next();
    assert.ok(value?.kind === "route");
    assert.equal(value.object.destination.key, destination.key);
  }),
);
