import assert from "node:assert/strict";
import test from "node:test";
import { ClusterModel } from "../cluster/cluster-model.ts";
import {
  DEFAULT_DENY,
  FRONTEND_TO_API_L7,
  OTHERS,
  parsed,
  PODS,
  THREE_TIER,
} from "../cluster/three-tier.ts";
import { explain } from "./explain.ts";
import { yamlText } from "./yaml-text.ts";

/** The objects with every change made that an explanation asks for. */
function mend(objects: readonly object[], model: ClusterModel, to: string, port: number): object[] {
  const mended = structuredClone(objects) as { metadata: { name: string }; spec: object }[];
  for (const change of explain(model, { from: "demo/frontend", to, port }).changes) {
    assert.ok(change.object !== undefined);
    if (change.kind === "new") {
      mended.push(change.object as unknown as (typeof mended)[number]);
      continue;
    }
    const policy = mended.find(({ metadata }) => metadata.name === change.policy.name);
    const rules = (policy?.spec as Record<string, object[]> | undefined)?.[change.direction];
    rules?.push(change.object);
  }
  return mended;
}

test("a denial's changes allow the flow, and open nothing else that the matrix sees", () => {
  for (const objects of [THREE_TIER, [...PODS, DEFAULT_DENY]]) {
    const model = ClusterModel.of(parsed(objects));
    const mended = ClusterModel.of(parsed(mend(objects, model, "demo/database", 5432)));
    const before = model.matrix();
    const changed = mended
      .matrix()
      .filter(({ verdict }, index) => verdict !== before[index]?.verdict);
    assert.deepEqual(
      changed.map(({ from, to, verdict }) => [from, to, verdict]),
      [["demo/frontend", "demo/database", "allowed"]],
    );
  }
});

test("the rules that select either side are told, and which decided", () => {
  const model = ClusterModel.of(parsed(THREE_TIER));
  const { rules, changes } = explain(model, { from: "demo/frontend", to: "demo/api", port: 3000 });
  assert.deepEqual(changes, []);
  assert.deepEqual(
    rules.filter(({ isDecisive }) => isDecisive).map(({ ref }) => ref.policy.name),
    ["frontend-egress", "frontend-to-api"],
  );
});

test("a refused request names the rule that refuses", () => {
  const model = ClusterModel.of(parsed([...PODS, DEFAULT_DENY, ...OTHERS, FRONTEND_TO_API_L7]));
  const request = { kind: "http", method: "POST", path: "/x" } as const;
  const question = { from: "demo/frontend", to: "demo/api", port: 3000, request };
  const { lines, changes } = explain(model, question);
  assert.ok(
    lines.some((line) => line.includes('POST "/x" not')),
    lines.join("\n"),
  );
  assert.deepEqual(
    changes.map(({ kind, policy }) => [kind, policy.name]),
    [["append", "frontend-to-api-l7"]],
  );
});

test("yamlText quotes what YAML would read otherwise", () => {
  assert.equal(
    yamlText({ a: ["80", "on", "x:y"], b: {}, c: [] }),
    'a:\n  - "80"\n  - "on"\n  - "x:y"\nb: {}\nc: []\n',
  );
});
