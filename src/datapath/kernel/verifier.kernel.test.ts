import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Collection } from "#ebpf";
import { type Aggregation, type DatapathSettings, defaultDatapathSettings } from "../datapath.ts";
import { readPodObject } from "./object-file.ts";
import { podSettings, sizeMaps } from "./settings.ts";

// Whether each program loads is the kernel's verifier's to say, and how close it is to its limit of
// a million instructions is told by how many it looks at. Both depend on the settings, which the
// verifier takes for constants, and on the kernel.

const RECORD = join(import.meta.dirname, "testdata/verifier.json");
/** A program that grows by more than this is looked at by somebody, who then updates the record. */
const MAX_GROWTH = 1.1;
const HERTZ = 250;
const AGGREGATIONS: readonly Aggregation[] = ["none", "low", "medium", "maximum"];

/** By settings, then by program: instructions that the verifier looked at. */
type Counts = Record<string, Record<string, number>>;

const [major = "0", minor = "0"] = release().split(".");
const kernel = `${major}.${minor}`;

function readRecord(): Record<string, Counts> {
  if (!existsSync(RECORD)) return {};
  return JSON.parse(readFileSync(RECORD, "utf8")) as Record<string, Counts>;
}

function countInstructions(settings: DatapathSettings): Record<string, number> {
  const spec = readPodObject().setVariables(podSettings(settings, HERTZ));
  sizeMaps(spec, {
    tcpFlows: 16,
    otherFlows: 16,
    policyEntries: 16,
    ipcache: 16,
    eventRingBytes: 4096,
  });
  for (const { name } of spec.maps) spec.setMap(name, { pinning: "none" });
  using collection = Collection.load(spec);
  return Object.fromEntries(
    [...collection.programs].map(([name, each]) => [name, each.info().verifiedInstructions]),
  );
}

const known = readRecord()[kernel];
const found: Counts = {};

for (const aggregation of AGGREGATIONS) {
  for (const isOpenWithoutPolicy of [false, true]) {
    const name = `${aggregation}, ${isOpenWithoutPolicy ? "open" : "closed"}`;
    test(`every program loads and has not grown: ${name}`, () => {
      const counts = countInstructions({
        ...defaultDatapathSettings,
        aggregation,
        isOpenWithoutPolicy,
      });
      found[name] = counts;
      if (process.env["CILIATE_UPDATE"] === "1") return;
      for (const [program, count] of Object.entries(counts)) {
        const before = known?.[name]?.[program];
        if (before === undefined) continue;
        assert.ok(
          count <= before * MAX_GROWTH,
          `the verifier looks at ${count} instructions of ${program}, and at ${before} before; ` +
            `if that must be, npm test -- --update verifier writes it into the record`,
        );
      }
    });
  }
}

test("what this kernel counts is on record", () => {
  if (process.env["CILIATE_UPDATE"] === "1") {
    const record = { ...readRecord(), [kernel]: found };
    writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
  } else if (known === undefined) {
    // In a virtual machine there is nowhere to write it to.
    console.log(`not on record: "${kernel}": ${JSON.stringify(found)}`);
  } else {
    assert.deepEqual(
      Object.entries(found).map(([name, counts]) => [name, Object.keys(counts)]),
      Object.entries(known).map(([name, counts]) => [name, Object.keys(counts)]),
      "other programs than on record: npm test -- --update verifier writes them into it",
    );
  }
});
