import assert from "node:assert/strict";
import { unreachable } from "#base";
import { property } from "#test";
import fc from "fast-check";
import * as z from "zod/mini";
import { isKnownKind, parseObject } from "./index.ts";
import { KINDS } from "./kinds.ts";
import { anatomyOf, factsOf, type Field, type Schema } from "./schema.ts";

/** Values that the schema allows. Texts are such that every pattern and length allows them. */
function valid(schema: Schema): fc.Arbitrary<unknown> {
  const anatomy = anatomyOf(schema);
  switch (anatomy.kind) {
    case "fields":
      return validFields(anatomy.fields);
    case "dictionary":
      return fc.dictionary(fc.constantFrom("a", "k8s:app", "__proto__"), valid(anatomy.value), {
        maxKeys: 2,
        noNullPrototype: true,
      });
    case "list": {
      const items = fc.array(valid(anatomy.item), { maxLength: 2 });
      return items.filter((list) => hasOnlyAllowedLength(schema, list));
    }
    case "value":
      return validValue(schema);
    default:
      return unreachable(anatomy);
  }
}

function validFields(fields: ReadonlyMap<string, Field>): fc.Arbitrary<unknown> {
  const model = [...fields].map(([name, f]) => [name, valid(f.schema)] as const);
  const requiredKeys = [...fields].filter(([, f]) => !f.isOptional).map(([name]) => name);
  return fc.record(Object.fromEntries(model), { requiredKeys, noNullPrototype: true });
}

function hasOnlyAllowedLength(schema: Schema, list: readonly unknown[]): boolean {
  const { minItems = 0, maxItems = Infinity } = factsOf(schema);
  return list.length >= minItems && list.length <= maxItems;
}

function validValue(schema: Schema): fc.Arbitrary<unknown> {
  const candidates = [
    "a",
    "x1",
    ...Object.entries(KINDS).flatMap(([kind, { group, versions }]) => [
      kind,
      ...versions.map((version) => (group === "" ? version : `${group}/${version}`)),
    ]),
    1,
    80,
    true,
    false,
  ];
  const allowed = candidates.filter((value) => z.safeParse(schema, value).success);
  return fc.constantFrom(...allowed.slice(0, 3));
}

const OBJECTS = fc.oneof(...Object.values(KINDS).map(({ schema }) => valid(schema)));

property("what the schema allows is read as it is", OBJECTS, (value) => {
  const { object, findings } = parseObject(value);
  assert.deepEqual(findings, []);
  assert.deepEqual(object, value);
});

/** Puts `wrong` where the walk that `choices` steer ends; answers the object and that place. */
function spoil(
  value: unknown,
  wrong: unknown,
  choices: readonly number[],
): { spoilt: unknown; path: (string | number)[] } {
  const path: (string | number)[] = [];
  const replace = (at: unknown, depth: number): unknown => {
    const choice = choices[depth];
    if (choice === undefined || typeof at !== "object" || at === null) return wrong;
    const keys = Object.keys(at).filter(
      (key) => depth > 0 || !["kind", "apiVersion"].includes(key),
    );
    const key = keys[choice % Math.max(keys.length, 1)];
    if (key === undefined) return wrong;
    path.push(Array.isArray(at) ? Number(key) : key);
    const member = replace((at as Record<string, unknown>)[key], depth + 1);
    if (Array.isArray(at)) return at.with(Number(key), member);
    return Object.fromEntries(
      Object.entries(at).map(([name, old]) => [name, name === key ? member : old]),
    );
  };
  return { spoilt: replace(value, 0), path };
}

property(
  "one value of a wrong type is told at its place, and refused",
  fc.tuple(OBJECTS, fc.array(fc.nat(), { minLength: 1, maxLength: 8 })),
  ([value, choices]) => {
    // No schema takes a list of lists of lists.
    const { spoilt, path } = spoil(value, [[[]]], choices);
    const { object, findings } = parseObject(spoilt);
    assert.equal(object, undefined);
    const text = path
      .map((step) => {
        if (typeof step === "number") return `[${step}]`;
        return /^[A-Za-z_][-A-Za-z0-9_]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
      })
      .join("")
      .replace(/^\./, "");
    // Lists take the outer one, and then find a list within.
    assert.equal(findings[0]?.path.startsWith(text), true, `${findings[0]?.path} is in ${text}`);
  },
);

property(
  "any JSON is answered, and what is read of it reads the same again",
  fc.tuple(fc.constantFrom(...Object.keys(KINDS)), fc.jsonValue({ maxDepth: 5 }), fc.jsonValue()),
  ([kind, spec, rest]) => {
    assert(isKnownKind(kind));
    const { group, versions } = KINDS[kind];
    const apiVersion = group === "" ? "v1" : `${group}/${versions[0]}`;
    const extra = typeof rest === "object" && !Array.isArray(rest) ? rest : {};
    for (const value of [
      spec,
      { ...extra, spec, kind, apiVersion, metadata: { name: "x" } },
      { kind, apiVersion, metadata: { name: "x" }, spec: { ingress: spec, egress: [spec] } },
    ]) {
      const { object, findings } = parseObject(value);
      if (object === undefined) {
        assert(findings.length > 0, "a refusal has a reason");
        continue;
      }
      assert.equal(
        findings.some((f) => f.severity === "error"),
        false,
      );
      assert.deepEqual(parseObject(object), { ...parseObject(object), object, findings: [] });
      const { schema } = KINDS[object.kind];
      assert.deepEqual(z.parse(schema, object), object, "zod itself thinks the same");
    }
  },
);
