import { assert } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { sameJson } from "./node.ts";
import {
  decode,
  deployment,
  pod,
  resource,
  schemas,
  widgets,
  withWidgets,
} from "./testdata/objects.ts";
import { StatusError } from "./status-error.ts";
import type { SchemaSet } from "./types.ts";

const WIDGETS = withWidgets({
  type: "object",
  properties: {
    size: { type: "integer", minimum: 1 },
    list: {
      type: "array",
      items: { type: "string", pattern: "^(a+)+$" },
      "x-kubernetes-list-type": "set",
    },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    map: {
      type: "object",
      additionalProperties: {
        type: "object",
        properties: { on: { type: "boolean", default: true } },
      },
    },
  },
});

const SERVICE = {
  metadata: { name: "a" },
  spec: { clusterIP: "10.0.0.1", ports: [{ port: 80, targetPort: "http" }], selector: { a: "b" } },
};
const POLICY = {
  metadata: { name: "a" },
  spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: "10.0.0.0/8" } }] }] },
};
const WIDGET = {
  metadata: { name: "w" },
  spec: { size: 1, list: ["a"], free: { x: 1 }, map: { a: {} } },
};

const KINDS: readonly (readonly [SchemaSet, string, unknown])[] = [
  [schemas, "pods.v1", pod()],
  [schemas, "deployments.apps/v1", deployment()],
  [schemas, "services.v1", SERVICE],
  [schemas, "networkpolicies.networking.k8s.io/v1", POLICY],
  [schemas, "customresourcedefinitions.apiextensions.k8s.io/v1", widgets({ type: "object" })],
  [WIDGETS, "widgets.example.com/v1", WIDGET],
];

const WORDS =
  "spec metadata labels template containers name ports image selector versions schema properties type list map free __proto__ constructor".split(
    " ",
  );
const VALUES: readonly unknown[] = [null, true, -1, 1e300, 0.5, "", "a", "10Gi", "\u0000", {}, []];

/** Where bytes are no JSON: the last value wraps those before, as deep as there are bytes. */
function build(input: Uint8Array): unknown {
  let value: unknown = {};
  for (const byte of input) {
    const word = WORDS[byte % WORDS.length] ?? "";
    if (byte < 100) value = Object.fromEntries([[word, value]]);
    else if (byte < 140) value = [value, VALUES[byte % VALUES.length]];
    else if (byte < 150) value = Array.from({ length: 1_000 }, () => VALUES[byte % VALUES.length]);
    else value = { ...Object(value), [word]: VALUES[byte % VALUES.length] };
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

function attempt(set: SchemaSet, name: string, value: unknown): void {
  const of = resource(name, set);
  const { object } = set.decode(of, value, { fieldValidation: "Warn" });
  assert(sameJson(decode(name, object, set), object), "what was decoded decodes the same again");
  object.metadata.name ??= "a";
  if (of.isNamespaced) object.metadata.namespace ??= "default";
  set.validateUpdate(of, object, object);
  set.validateCreate(of, object);
  if (of.plural === "customresourcedefinitions") withDefinition(object);
}

/** A definition that is let pass must be of use. */
function withDefinition(object: Parameters<SchemaSet["validateCreate"]>[1]): void {
  schemas.registry.define(object);
  for (const each of schemas.registry.resources()) {
    if (each.custom === undefined) continue;
    schemas.decode(each, { metadata: { name: "x" }, spec: { a: [] } }, { fieldValidation: "Warn" });
    schemas.openApiV3(`apis/${each.group}/${each.version}`);
  }
  schemas.registry.undefine(object.metadata.name ?? "");
}

const target: FuzzTarget = defineFuzz({
  corpus: () => KINDS.map(([, , object]) => new TextEncoder().encode(JSON.stringify(object))),
  run(input) {
    const value = parse(input);
    for (const [set, name, base] of KINDS) {
      for (const each of [value, { ...Object(base), spec: value }]) {
        try {
          attempt(set, name, each);
        } catch (error) {
          if (!(error instanceof StatusError)) throw error;
          assert(error.status === 400 || error.status === 422, "a refusal blames the client");
        }
      }
    }
    assert(Object.keys(Object.prototype).length === 0, "no prototype changed");
  },
});
export default target;
