import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeClock } from "#base";

import type { Pod } from "../model/pod.ts";
import { pod } from "../test-world/objects.ts";
import { ObjectCache } from "./cache.ts";

const at = (resourceVersion: string, uid = "uid-web"): Pod =>
  pod("web", { metadata: { resourceVersion, uid } });
const KEY = "default/web";

function versions(cache: ObjectCache<Pod>): string | undefined {
  return cache.get(KEY)?.metadata.resourceVersion;
}

test("own writes are seen at once, and older news does not undo them", () => {
  const cache = new ObjectCache<Pod>(new FakeClock());
  cache.told(at("9"));
  cache.wrote(at("11"));
  assert.equal(versions(cache), "11");
  cache.told(at("10"));
  assert.equal(versions(cache), "11");
  cache.told(at("12"));
  assert.equal(versions(cache), "12");
});

test("an answer that comes after the end of its object does not bring it back", () => {
  const cache = new ObjectCache<Pod>(new FakeClock());
  cache.told(at("9"));
  cache.toldDeleted(at("11"));
  cache.wrote(at("10"));
  assert.equal(versions(cache), undefined);
  cache.wrote(at("12", "another"));
  cache.toldDeleted(at("11"));
  assert.equal(versions(cache), "12");
});

test("what was deleted by us is going from then on, whatever older news says", () => {
  const cache = new ObjectCache<Pod>(new FakeClock());
  cache.told(at("9"));
  cache.deleteWasAccepted(KEY, "uid-web");
  cache.told(at("10"));
  assert.notEqual(cache.get(KEY)?.metadata.deletionTimestamp, undefined);
});

test("own writes that no watch confirms are asked about", async () => {
  const clock = new FakeClock();
  const cache = new ObjectCache<Pod>(clock);
  cache.wrote(at("9"));
  assert.deepEqual(cache.takeOverdue(), []);
  await clock.advance(31_000);
  assert.deepEqual(cache.takeOverdue(), [KEY]);
  assert.deepEqual(cache.takeOverdue(), []);
});

test("indexes follow changes", () => {
  const cache = new ObjectCache<Pod>(new FakeClock());
  cache.addIndex("node", ({ spec }) => [spec.nodeName ?? ""]);
  cache.told(at("9"));
  cache.told({ ...at("10"), spec: { nodeName: "node2" } });
  assert.deepEqual(cache.by("node", "node1"), []);
  assert.equal(cache.by("node", "node2").length, 1);
});
