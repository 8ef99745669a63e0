/** Numbers that mean the same in every cluster. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CLUSTER_FIRST,
  CLUSTER_LAST,
  isReservedName,
  RESERVED,
  reservedIdentities,
  reservedLabels,
  SCOPE,
  SCOPE_SIZE,
  worldIdentity,
} from "./reserved.ts";
import { Selector } from "./selector.ts";

test("the reserved identities have Cilium's numbers", () => {
  const told = reservedIdentities({ families: [4, 6] }).map(
    ({ id, labels }) => `${id} ${labels.text}`,
  );
  assert.deepEqual(told, [
    "1 reserved:host",
    "2 reserved:world",
    "3 reserved:unmanaged",
    "4 reserved:health",
    "5 reserved:init",
    "6 reserved:remote-node",
    "7 reserved:kube-apiserver;reserved:remote-node",
    "8 reserved:ingress",
    "9 reserved:world-ipv4",
    "10 reserved:world-ipv6",
  ]);
});

test("the API server's identity is a remote node as well, and a remote node's is no API server", () => {
  const asks = (key: string): Selector =>
    Selector.of([{ source: "reserved", key, operator: "Exists", values: [] }]);
  const api = reservedLabels("kube-apiserver");
  const node = reservedLabels("remote-node");
  assert.deepEqual(
    [asks("remote-node").matches(api), asks("remote-node").matches(node)],
    [true, true],
  );
  assert.equal(asks("kube-apiserver").matches(api), true);
  assert.equal(asks("kube-apiserver").matches(node), false);
});

test("with one family there is one world, with two each family has its own", () => {
  assert.deepEqual(
    [worldIdentity(4, [4]), worldIdentity(6, [6])],
    [RESERVED.world, RESERVED.world],
  );
  assert.deepEqual([worldIdentity(4, [4, 6]), worldIdentity(6, [4, 6])], [9, 10]);
  const numbers = reservedIdentities({ families: [4] }).map(({ id }) => id);
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("numbers of pods, of ranges and of nodes do not overlap", () => {
  assert.deepEqual([CLUSTER_FIRST, CLUSTER_LAST], [256, 65_535]);
  assert.deepEqual([SCOPE.local, SCOPE.remoteNode], [16_777_216, 33_554_432]);
  assert.equal(SCOPE.local + SCOPE_SIZE, SCOPE.remoteNode);
});

test("names of reserved labels are these, and nothing that an object happens to have", () => {
  assert.ok(isReservedName("host"));
  for (const text of ["toString", "__proto__", "all", "cluster", ""])
    assert.ok(!isReservedName(text));
});
