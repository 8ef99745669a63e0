import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "#kube/types";
import { modelOf } from "../oracles/policy/product.ts";
import { type Promised, promisesOf, scenarios } from "./promises.ts";
import { manifestNames, readCluster, readManifest } from "./read-manifests.ts";

type Model = ReturnType<typeof modelOf>;
type Question = Parameters<Model["verdict"]>[0];

function requestOf(text: string): NonNullable<Question["request"]> {
  const [method = "", path = "", ...headers] = text.split(" ");
  if (method === "dns") return { kind: "dns", name: path };
  const pairs = headers.map((header) => header.split("=") as [string, string]);
  return { kind: "http", method, path, headers: Object.fromEntries(pairs) };
}

function verdictOf(model: Model, promise: Promised): string {
  const [port = "", protocol = "TCP"] = promise.port.split("/");
  const request = promise.request === undefined ? {} : { request: requestOf(promise.request) };
  const question = { from: promise.from, to: promise.to, port: Number(port), protocol, ...request };
  return model.verdict(question).verdict;
}

for (const scenario of scenarios) {
  test(scenario.title, () => {
    const model = modelOf([...readCluster(), ...scenario.files.flatMap(readManifest)]);
    for (const promise of promisesOf(scenario)) {
      assert.equal(verdictOf(model, promise), promise.verdict, JSON.stringify(promise));
    }
  });
}

for (const name of manifestNames) {
  test(`${name}.yaml is read without an error`, () => {
    for (const raw of readManifest(name)) {
      const { object, findings } = parseObject(raw);
      const codes = findings.map(({ severity, code }) => `${severity} ${code}`);
      if (name === "kind-config") assert.deepEqual(codes, ["warning unknown-kind"]);
      else assert.ok(object !== undefined && !codes.join().includes("error"), codes.join());
    }
  });
}

test("every manifest stands in a scenario", () => {
  const used = new Set(scenarios.flatMap(({ files }) => files));
  assert.deepEqual(
    manifestNames.filter((name) => !used.has(name)),
    ["kind-config"],
  );
});
