/** Inputs made to take long: each ends in the time that its size deserves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_FINDINGS, parseObject } from "./index.ts";

const MANY = 200_000;
const timeout = 20_000;

function cnp(spec: unknown): unknown {
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "p" }, spec };
}

test("many fields, and long ones", { timeout }, () => {
  const many = Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`ingres${i}`, i]));
  assert.equal(parseObject(cnp(many)).findings.length, MAX_FINDINGS);
  const long = "x".repeat(10_000_000);
  const { findings } = parseObject(
    cnp({ [long]: 1, endpointSelector: { matchLabels: { [long]: 1 } } }),
  );
  for (const { path, message } of findings) assert((path + message).length < 1_000);
});

test("many members of a wrong type", { timeout }, () => {
  const list = Array.from({ length: MANY }, () => 1);
  const { findings } = parseObject(cnp({ ingress: list, egress: [{ toCIDR: list }] }));
  assert.equal(findings.length, MAX_FINDINGS);
});

test("texts that make patterns go back and forth", { timeout }, () => {
  const dotted = `${"a.".repeat(120)}a.!`;
  const dashes = "a-".repeat(5_000_000);
  const { findings } = parseObject(
    cnp({
      endpointSelector: { matchLabels: { a: dashes } },
      egress: [
        {
          toFQDNs: [{ matchName: dotted }, { matchPattern: `${"*".repeat(250)}!` }],
          toCIDRSet: [{ cidrGroupRef: "a".repeat(250) + "_" }],
          toPorts: [
            { ports: [{ port: `${"a".repeat(100_000)}-` }], serverNames: ["a".repeat(255)] },
          ],
        },
      ],
      log: { value: "é".repeat(10_000_000) },
    }),
  );
  assert.deepEqual(
    findings.map((f) => f.code),
    ["bad-value", "bad-value", "bad-value", "bad-value"],
  );
});

test("depth", { timeout }, () => {
  let deep: unknown = {};
  for (let depth = 0; depth < MANY; depth++) deep = depth % 2 === 0 ? [deep] : { ingress: deep };
  for (const value of [deep, cnp(deep), cnp({ ingress: [deep], unknown: deep })]) {
    assert(parseObject(value).findings.length > 0);
  }
});
