import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Collection, KernelAttacher } from "#ebpf";
import { AttachType, CollectionSpec } from "#ebpf/spec";
import { createAnonymousNamespace, openNetlink, withNamespace } from "#netlink";
import { bpfFolder } from "#test";

// Places of which the contract cannot speak, because each machine has its own.

const PINS = bpfFolder();
const object = CollectionSpec.parse(
  readFileSync(join(import.meta.dirname, "testdata/empty.bpf.o")),
);

function load(...programs: string[]): Collection {
  return Collection.load(object, { programs });
}

/** Where the v2 tree is: not the same place everywhere. */
function cgroupRoot(): string {
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    if (right.startsWith("cgroup2 ")) return left.split(" ")[4] ?? "";
  }
  return assert.fail("cgroup2 is mounted nowhere");
}

test("a program is put on a cgroup, taken over by its pin, and taken away", () => {
  const cgroup = join(cgroupRoot(), `ciliate-test-${process.pid}`);
  mkdirSync(cgroup);
  try {
    using first = load("empty_connect4");
    using second = load("empty_connect4");
    const options = {
      cgroup,
      attachType: AttachType.cgroupInet4Connect,
      pin: join(PINS, "connect4"),
    };
    const attacher = new KernelAttacher();
    attacher.cgroup({ ...options, program: first.program("empty_connect4") })[Symbol.dispose]();
    const again = attacher.cgroup({ ...options, program: second.program("empty_connect4") });
    assert.equal(again.isAttached(), true);
    again.detach();
    assert.equal(again.isAttached(), false);
    assert.throws(
      () =>
        attacher.cgroup({
          ...options,
          cgroup: `${cgroup}/nowhere`,
          program: first.program("empty_connect4"),
        }),
      /ENOENT/,
    );
  } finally {
    rmdirSync(cgroup);
  }
});

test("a program that chooses sockets is put on a network namespace, several in a row", () => {
  using namespace = createAnonymousNamespace("lookup");
  using collection = load("empty_sk_lookup");
  const program = collection.program("empty_sk_lookup");
  const attacher = new KernelAttacher();
  const options = { namespaceFd: namespace.fd, attachType: AttachType.skLookup, program };
  using first = attacher.netns(options);
  using second = attacher.netns(options);
  first.replace(program);
  first.detach();
  assert.deepEqual([first.isAttached(), second.isAttached()], [false, true]);
});

test("xdp runs in the driver of a veth", () => {
  using namespace = createAnonymousNamespace("xdp");
  using netlink = openNetlink({ namespace });
  netlink.links.create({ name: "here", details: { kind: "veth", peer: { name: "there" } } });
  const ifindex = netlink.links.get("here")?.index ?? assert.fail("the veth is there");
  using collection = load("empty_xdp");
  const program = collection.program("empty_xdp");
  withNamespace(namespace, () => {
    using attachment = new KernelAttacher().xdp({ ifindex, mode: "native", program });
    assert.equal(attachment.isAttached(), true);
    assert.match(attachment.place, /^native xdp of device \d+$/);
  });
});
