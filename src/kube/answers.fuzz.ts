import { DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

import { decodeError, decodeList, decodeObject, decodeWatchEvent, LineSplitter } from "./decode.ts";
import { KubeError } from "./error.ts";
import { isResourceList, RESOURCES } from "./resource.ts";

const POD = { metadata: { name: "a", namespace: "n", resourceVersion: "5" } };
const STATUS = { kind: "Status", code: 410, reason: "Expired", message: "old", details: {} };

const CORPUS: readonly object[] = [
  POD,
  STATUS,
  { metadata: { resourceVersion: "7", continue: "next" }, items: [POD] },
  { type: "ADDED", object: POD },
  { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
  { type: "ERROR", object: STATUS },
  { resources: [{ name: "pods", kind: "Pod", namespaced: true }] },
];

/** A KubeError is what some bytes mean. */
function orKubeError(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
  }
}

const target: FuzzTarget = defineFuzz({
  corpus: () => CORPUS.map((value) => Buffer.from(JSON.stringify(value))),
  run: (bytes) => {
    decodeError(500, bytes);
    const lines = new LineSplitter();
    const half = bytes.length >> 1;
    for (const part of [bytes.subarray(0, half), bytes.subarray(half), Buffer.from("\n")]) {
      for (const line of lines.push(part)) tryAll(line);
    }
    orKubeError(() => decodeWatchEvent(bytes));
  },
});
export default target;

function tryAll(line: Uint8Array): void {
  const decoders = [
    () => decodeWatchEvent(line),
    () => decodeList(line, RESOURCES.Pod),
    () => isResourceList(decodeObject(line)),
  ];
  for (const decode of decoders) {
    try {
      orKubeError(decode);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  }
}
