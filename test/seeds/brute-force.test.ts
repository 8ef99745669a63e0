import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeByBruteForce } from "../oracles/policy/judge.ts";
import { promisesOf, scenarios } from "./promises.ts";
import { readCluster, readManifest } from "./read-manifests.ts";

// What requests need is for the product to say; everything below them, for both.
for (const scenario of scenarios) {
  test(`brute force, ${scenario.title}`, () => {
    const objects = [...readCluster(), ...scenario.files.flatMap(readManifest)];
    for (const promise of promisesOf(scenario).filter((each) => each.request === undefined)) {
      const [port = "", protocol = "TCP"] = promise.port.split("/");
      const probe = { from: promise.from, to: promise.to, port: Number(port), protocol };
      const ruling = judgeByBruteForce(objects, probe);
      assert.equal(ruling.verdict, promise.verdict, JSON.stringify(promise));
    }
  });
}
