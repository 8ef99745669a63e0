import assert from "node:assert/strict";
import { test } from "node:test";
import { failsWith, type MakeWorld, pair } from "./world.ts";

export function trafficContract(makeWorld: MakeWorld): void {
  test("a clsact qdisc is added once, and listed", () => {
    using world = makeWorld();
    const { qdiscs } = pair(world).here.netlink;
    const clsact = { link: 10, kind: "clsact" };
    qdiscs.add(clsact);
    assert.throws(() => qdiscs.add(clsact), failsWith("EEXIST"));
    qdiscs.replace(clsact);
    const kinds = qdiscs.list({ link: 10 }).map(({ kind }) => kind);
    assert.deepEqual(kinds.toSorted(), ["clsact", "noqueue"]);
    qdiscs.delete(clsact);
    assert.throws(() => qdiscs.delete(clsact), failsWith("EINVAL"));
    assert.throws(() => qdiscs.add({ ...clsact, link: 99 }), failsWith("ENODEV"));
  });

  test("filters are added, replaced in place, listed by hook and deleted", () => {
    using world = makeWorld();
    const { qdiscs, filters } = pair(world).here.netlink;
    const first = world.program();
    const second = world.program();
    const key = { link: 10, hook: "ingress", priority: 1, handle: 1 } as const;
    const filter = { ...key, programFd: first.fd, name: "pod.from" };
    assert.throws(() => filters.add(filter), failsWith("EINVAL"));
    assert.deepEqual(filters.list({ link: 10 }), []);
    qdiscs.add({ link: 10, kind: "clsact" });
    assert.deepEqual(filters.list({ link: 10 }), []);
    filters.add(filter);
    filters.add({ ...filter, hook: "egress", name: "pod.to" });
    assert.throws(() => filters.add(filter), failsWith("EEXIST"));
    const list = filters.list({ link: 10 });
    assert.deepEqual(
      list.map(({ hook, priority, handle, kind, bpf }) => [
        [hook, priority, handle, kind].join(" "),
        bpf?.name,
        bpf?.programId,
        bpf?.isDirectAction,
      ]),
      [
        ["ingress 1 1 bpf", "pod.from", first.id, true],
        ["egress 1 1 bpf", "pod.to", first.id, true],
      ],
    );
    filters.replace({ ...filter, programFd: second.fd });
    filters.replace({ ...filter, programFd: second.fd, priority: 2 });
    assert.deepEqual(
      filters.list({ link: 10, hook: "ingress" }).map((each) => each.bpf?.programId),
      [second.id, second.id],
    );
    filters.delete(key);
    assert.equal(filters.list({ link: 10, hook: "ingress" }).length, 1);
    assert.throws(() => filters.delete(key), failsWith("ENOENT"));
    filters.deleteAll(10, "ingress");
    assert.deepEqual(
      filters.list({ link: 10 }).map((each) => each.hook),
      ["egress"],
    );
    qdiscs.delete({ link: 10, kind: "clsact" });
    assert.deepEqual(filters.list({ link: 10 }), []);
  });

  test("filters go with their device, and need a program that is one", () => {
    using world = makeWorld();
    const { qdiscs, filters, links } = pair(world).here.netlink;
    qdiscs.add({ link: 10, kind: "clsact" });
    const key = { link: 10, hook: "egress", priority: 1, handle: 1 } as const;
    const filter = { ...key, programFd: world.program().fd, name: "pod.to" };
    assert.throws(() => filters.add({ ...filter, programFd: 99_999 }), failsWith("EBADF"));
    filters.add(filter);
    links.delete(10);
    assert.deepEqual(filters.list({ link: 10 }), []);
    assert.throws(() => filters.add(filter), failsWith("ENODEV"));
  });
}
