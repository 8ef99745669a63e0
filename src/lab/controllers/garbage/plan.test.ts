import assert from "node:assert/strict";
import { test } from "node:test";

import type { Operation } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import type { ApiObject, Metadata } from "../model/object.ts";
import { ownedBy, pod } from "../test-world/objects.ts";
import type { Item } from "./graph.ts";
import { planGarbage } from "./plan.ts";

const GOING = "2024-01-01T00:00:00Z";

function item(name: string, metadata: Partial<Metadata> = {}): Item {
  return { resource: PODS, object: pod(name, { metadata }) };
}

function told(operations: readonly Operation[]): unknown[] {
  return operations.map((operation) => {
    if (operation.verb === "delete") {
      return `delete ${operation.target.metadata.name} ${operation.settings?.propagationPolicy ?? ""}`;
    }
    if (operation.verb !== "patch") return operation.verb;
    const { metadata } = operation.patch as { metadata: Partial<Metadata> };
    const { ownerReferences, finalizers } = metadata;
    const what = ownerReferences?.map(({ name }) => name) ?? finalizers ?? [];
    return `patch ${operation.target.name} ${what.join()}`;
  });
}

test("what has no owner left goes, and what has one forgets the others", () => {
  const [one, other] = [item("one").object, item("other").object];
  const waiting = item("one", { deletionTimestamp: GOING, finalizers: ["foregroundDeletion"] });
  const owned = item("owned", { ownerReferences: [ownedBy(one), ownedBy(other)] });
  const cases: [string, Item, [ApiObject, ApiObject | undefined][], unknown[]][] = [
    ["no owners", item("free"), [], []],
    [
      "both there",
      owned,
      [
        [one, one],
        [other, other],
      ],
      [],
    ],
    [
      "one there",
      owned,
      [
        [one, undefined],
        [other, other],
      ],
      ["patch owned other"],
    ],
    [
      "none there",
      owned,
      [
        [one, undefined],
        [other, undefined],
      ],
      ["delete owned Background"],
    ],
    [
      "one waits",
      owned,
      [
        [one, waiting.object],
        [other, other],
      ],
      ["patch owned other"],
    ],
    [
      "one waits, one is gone",
      owned,
      [
        [one, waiting.object],
        [other, undefined],
      ],
      ["delete owned Background"],
    ],
  ];
  for (const [name, subject, owners, wanted] of cases) {
    const known = new Map(owners.map(([owner, now]) => [owner.metadata.uid ?? "", now]));
    assert.deepEqual(
      told(planGarbage({ item: subject, dependents: [], owners: known })),
      wanted,
      name,
    );
  }
});

test("an owner that goes in the foreground goes last, and one that orphans lets go", () => {
  const finalizers = ["foregroundDeletion", "mine"];
  const going = item("one", { deletionTimestamp: GOING, finalizers });
  const owned = item("owned", { ownerReferences: [ownedBy(going.object)] });
  const owners = new Map<string, ApiObject>();
  assert.deepEqual(told(planGarbage({ item: going, dependents: [owned], owners })), []);
  assert.deepEqual(told(planGarbage({ item: going, dependents: [], owners })), ["patch one mine"]);
  const orphaning = item("one", { deletionTimestamp: GOING, finalizers: ["orphan"] });
  assert.deepEqual(told(planGarbage({ item: orphaning, dependents: [owned], owners })), [
    "patch owned ",
    "patch one ",
  ]);
});
