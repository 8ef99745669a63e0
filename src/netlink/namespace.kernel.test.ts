import assert from "node:assert/strict";
import { mkdtempSync, rmdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openResources } from "#base";
import { SyscallError } from "#sys";
import {
  createAnonymousNamespace,
  createNamespace,
  currentNamespace,
  deleteNamespace,
  listNamespaces,
  openNamedNamespace,
  openNamespace,
  openNamespaceOfProcess,
  openNetlink,
  withNamespace,
} from "#netlink";

const home = statSync("/proc/thread-self/ns/net").ino;

function whereWeAre(): number {
  return statSync("/proc/thread-self/ns/net").ino;
}

test("a named namespace is bound at a path, and stays until it is deleted", () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-netns-"));
  try {
    const namespace = createNamespace("blue", { folder });
    const { inode } = namespace;
    assert.notEqual(inode, home);
    assert.equal(whereWeAre(), home);
    assert.throws(() => createNamespace("blue", { folder }), /creating network namespace blue/);
    namespace.close();
    assert.deepEqual(listNamespaces({ folder }), ["blue"]);
    using again = openNamedNamespace("blue", { folder });
    assert.equal(again.inode, inode);
    const leak = openResources.open().find(({ kind }) => kind === "namespace");
    assert.match(leak?.openedAt ?? "", /namespace\.kernel\.test/);
    assert.equal(deleteNamespace("blue", { folder }), true);
    assert.equal(deleteNamespace("blue", { folder }), false);
    assert.deepEqual(listNamespaces({ folder }), []);
    assert.equal(
      openResources.open().find(({ kind }) => kind === "namespace"),
      undefined,
    );
  } finally {
    deleteNamespace("blue", { folder });
    rmdirSync(folder);
  }
});

test("what is no namespace is refused by name", () => {
  assert.throws(() => openNamespace(process.execPath), /node is not a network namespace/);
  assert.throws(() => openNamespace("/proc/self/ns/mnt"), /is not a network namespace/);
  assert.throws(() => openNamespace("/nowhere/at/all"), /opening network namespace \/nowhere/);
  assert.throws(() => createNamespace("../x"), /cannot be the name/);
  assert.deepEqual(listNamespaces({ folder: "/nowhere/at/all" }), []);
});

test("those of a process and of the thread can be held", () => {
  using own = currentNamespace();
  using ofProcess = openNamespaceOfProcess(process.pid);
  assert.equal(own.inode, home);
  assert.equal(ofProcess.inode, home);
});

test("a function runs inside and the thread comes back, whatever happens", async () => {
  using blue = createAnonymousNamespace("blue");
  using red = createAnonymousNamespace("red");
  assert.equal(withNamespace(blue, whereWeAre), blue.inode);
  assert.equal(whereWeAre(), home);
  const inside = withNamespace(blue, () => [withNamespace(red, whereWeAre), whereWeAre()]);
  assert.deepEqual(inside, [red.inode, blue.inode]);
  assert.throws(
    () =>
      withNamespace(blue, () => {
        throw new Error("inside");
      }),
    /inside/,
  );
  assert.equal(whereWeAre(), home);
  assert.throws(() => withNamespace(blue, () => Promise.resolve()), /withNamespace is synchronous/);
  assert.equal(whereWeAre(), home);
  assert.throws(
    () => withNamespace({ fd: 0 }, whereWeAre),
    (error) => error instanceof SyscallError && error.call === "entering a network namespace",
  );
  assert.equal(whereWeAre(), home);
});

test("a namespace lives as long as a netlink socket in it, and no longer", () => {
  const blue = createAnonymousNamespace("blue");
  using netlink = openNetlink({ namespace: blue });
  blue.close();
  netlink.links.set("lo", { isUp: true });
  assert.equal(netlink.links.get("lo")?.isUp, true);
  using subscription = netlink.subscribe(["link"]);
  assert.equal(subscription.losses, 0);
  assert.throws(() => blue.fd, /used after close/);
});
