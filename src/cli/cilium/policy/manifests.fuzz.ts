import { assert } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { parseManifests } from "./manifests.ts";

const TEXTS = [
  "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {k8s:app.kubernetes.io/name: x}}\n---\na: &x [1]\nb: *x\n",
  '{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}',
  "spec:\n  ingress:\n  - fromCIDR:\n    - 10.0.0.0/8 # comment\n    <<: {a: |\n      text\n}\n",
  "%YAML 1.1\n--- !!map\n? {a: b}\n: >-\n  folded\n  text\n...\n",
];
const PATHS = ["", "spec.ingress[0].fromCIDR[0]", "metadata.labels.k8s:app.kubernetes.io/name"];

/** Any bytes are objects or complaints, each with a place in the file. */
const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const { objects, bad } = parseManifests(input, "input");
    for (const object of objects) {
      for (const path of PATHS) assert(object.lineOf(path) >= 1, "a line counts from 1");
    }
    for (const { line, column } of bad) assert(line >= 1 && column >= 1, "a place counts from 1");
  },
});
export default target;
