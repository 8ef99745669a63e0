import { assert } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { isObject, sameJson } from "../schema/node.ts";
import { decode, deployment, resource, schemas } from "../schema/testdata/objects.ts";
import { StatusError } from "../schema/status-error.ts";
import type { PatchType } from "../schema/types.ts";
import { applyPatch } from "./apply-patch.ts";
import { trackManagedFields } from "./managed-fields.ts";

const DEPLOYMENTS = resource("deployments.apps/v1");
const CURRENT = decode("deployments.apps/v1", deployment({ replicas: 2 }));
const TYPES: readonly PatchType[] = ["json", "merge", "strategic", "apply"];
const NOW = "2026-01-02T03:04:05Z";

const PATCHES: readonly unknown[] = [
  [
    { op: "add", path: "/metadata/labels", value: { __proto__: "x" } },
    { op: "remove", path: "/spec/replicas" },
  ],
  [
    { op: "copy", from: "/spec", path: "/spec/template" },
    { op: "move", from: "/spec/a", path: "/-" },
  ],
  { metadata: { labels: { a: "b" }, finalizers: ["a/b"] }, spec: { replicas: null } },
  { apiVersion: "apps/v1", kind: "Deployment", ...deployment() },
  {
    spec: {
      template: {
        spec: {
          $retainKeys: ["a"],
          "$setElementOrder/containers": [{ name: "web" }],
          containers: [
            { $patch: "delete", name: "web" },
            { name: "x", ports: [{ containerPort: 1 }] },
          ],
        },
      },
    },
  },
  {
    metadata: {
      "$deleteFromPrimitiveList/finalizers": ["x"],
      managedFields: [
        { manager: "a", operation: "Apply", fieldsV1: { "f:spec": { ".": {}, "k:{": {} } } },
      ],
    },
  },
];

const WORDS =
  "spec metadata template containers name $patch $retainKeys $setElementOrder/containers ports env labels managedFields __proto__ constructor".split(
    " ",
  );
const VALUES: readonly unknown[] = [null, true, -1, 1e300, "", "web", "delete", "replace", {}, []];

/** Where bytes are no JSON: the last value wraps those before, as deep as there are bytes. */
function build(input: Uint8Array): unknown {
  let value: unknown = {};
  for (const byte of input) {
    const word = WORDS[byte % WORDS.length] ?? "";
    if (byte < 100)
      value = JSON.parse(`{${JSON.stringify(word)}:0}`, (_, each: unknown) =>
        each === 0 ? value : each,
      );
    else if (byte < 150) value = [value, VALUES[byte % VALUES.length]];
    else if (byte < 220) value = { ...Object(value), [word]: VALUES[byte % VALUES.length] };
    else
      value = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: value };
  }
  return value;
}

function parse(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    return build(input);
  }
}

/** What any patch may end in: an object that decodes, or a refusal with a status. */
function attempt(type: PatchType, patch: unknown): void {
  const before = JSON.stringify(CURRENT);
  try {
    const request = {
      type,
      resource: DEPLOYMENTS,
      current: CURRENT,
      patch,
      fieldManager: "fuzz",
      now: NOW,
    };
    const result = applyPatch(schemas, request);
    const { object } = schemas.decode(DEPLOYMENTS, result, { fieldValidation: "Warn" });
    const update = { resource: DEPLOYMENTS, old: CURRENT, object, fieldManager: "fuzz", now: NOW };
    const tracked = trackManagedFields(schemas, update);
    assert(isObject(tracked.metadata), "it is an object with metadata");
    const again = schemas.decode(DEPLOYMENTS, tracked, { fieldValidation: "Strict" });
    assert(sameJson(again.object, tracked), "it reads the same again");
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    // What a real server is at a loss about has no reason, and is the client's fault all the same.
    const isOfClient = error.status >= 400 && (error.status < 500 || error.reason === "");
    assert(isOfClient, "a refusal blames the client");
  }
  assert(JSON.stringify(CURRENT) === before, "the current object stays as it was");
  assert(!("polluted" in {}) && Object.keys(Object.prototype).length === 0, "no prototype changed");
}

const target: FuzzTarget = defineFuzz({
  corpus: () => PATCHES.map((patch) => new TextEncoder().encode(JSON.stringify(patch))),
  run(input) {
    const patch = parse(input);
    for (const type of TYPES) attempt(type, patch);
  },
});
export default target;
