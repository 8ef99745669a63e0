import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryIdentities, scopeOf } from "./allocator.ts";
import { Labels } from "./labels.ts";
import { CLUSTER_FIRST, CLUSTER_LAST, SCOPE } from "./reserved.ts";

test("equal labels share a number until nobody holds it", () => {
  const identities = new MemoryIdentities();
  const id = identities.acquire(Labels.parse("k8s:app=web", "k8s:tier=x"), "cluster");
  assert.equal(identities.acquire(Labels.parse("k8s:tier=x", "k8s:app=web"), "cluster"), id);
  assert.ok(id >= CLUSTER_FIRST && id <= CLUSTER_LAST);
  assert.equal(identities.release(id), false);
  assert.equal(identities.labelsOf(id)?.size, 2);
  assert.equal(identities.release(id), true);
  assert.equal(identities.labelsOf(id), undefined);
  assert.throws(() => identities.release(id), /released as often/);
});

test("a number follows from the labels, and tells its scope", () => {
  const labels = Labels.parse("cidr:10.0.0.0/8", "reserved:world");
  const one = new MemoryIdentities();
  const other = new MemoryIdentities();
  other.acquire(Labels.parse("k8s:before=x"), "local");
  const id = one.acquire(labels, "local");
  assert.equal(other.acquire(labels, "local"), id);
  assert.ok(id > SCOPE.local && id < SCOPE.remoteNode);
  assert.equal(scopeOf(id), "local");
  assert.equal(scopeOf(one.acquire(labels, "remote-node")), "remote-node");
  assert.equal(scopeOf(one.acquire(labels, "cluster")), "cluster");
});

test("all numbers of the cluster are handed out, and no more", () => {
  const identities = new MemoryIdentities();
  const ids = new Set<number>();
  const count = CLUSTER_LAST - CLUSTER_FIRST + 1;
  for (let index = 0; index < count; index++) {
    ids.add(identities.acquire(Labels.parse(`k8s:n=${index}`), "cluster"));
  }
  assert.equal(ids.size, count);
  assert.throws(() => identities.acquire(Labels.parse("k8s:more"), "cluster"), /are in use/);
});
