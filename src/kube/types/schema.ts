/**
 * The words that definitions of kinds are written in. A definition is a zod schema, from which come
 * the TypeScript type and the checks of single values; beside it `factsOf` keeps what the OpenAPI
 * schema of a CustomResourceDefinition says and zod has no word for.
 */
import * as z from "zod/mini";

export const MAX_PORT = 65_535;

export type Schema = z.ZodMiniType;
type Shape = Record<string, Schema>;

/** Read-only all the way down: objects are shared between those who hold them. */
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

export type Typed<S extends Schema> = Frozen<z.output<S>>;

export interface Facts {
  /** What stands in the OpenAPI schema besides type, properties, items and required. */
  readonly openApi: Readonly<Record<string, unknown>>;
  /** Completes "expected ...". */
  readonly expected: string;
  /** Completes "must ..." where a value of the right type is refused, by zod's word for why. */
  readonly limits?: Limits;
  /** Fields that exist, and that nobody here reads: dropped without a word. */
  readonly ignored?: ReadonlySet<string>;
  /** Kinds of which only a part is read here: what is not listed is dropped without a word. */
  readonly isPartial?: boolean;
  readonly minItems?: number;
  readonly maxItems?: number;
  /** For people, of a field: what `kubectl explain` says. */
  readonly description?: string;
}

export interface Limits {
  too_small?: string;
  too_big?: string;
  invalid_format?: string;
}

const NO_FACTS: Facts = { openApi: {}, expected: "a value" };
const facts = new WeakMap<Schema, Facts>();

export function factsOf(schema: Schema): Facts {
  return facts.get(schema) ?? NO_FACTS;
}

function remember<S extends Schema>(schema: S, fact: Facts): S {
  facts.set(schema, fact);
  return schema;
}

interface TextFacts {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  /** As the CRD has it; not run here, for such patterns may take exponential time in JavaScript. */
  readonly pattern?: string;
  /** The same language in a form that takes linear time; absent: whoever imports it checks. */
  readonly checked?: RegExp;
  /** Completes "must ..." where `checked` refuses. */
  readonly characters?: string;
  /** The CRD's; not checked here, where the agent is more lenient than the CRD. */
  readonly enum?: readonly string[];
  readonly default?: string;
}

export function text(given: TextFacts = {}): z.ZodMiniString {
  const { minLength, maxLength, checked, characters, ...rest } = given;
  const checks: z.core.$ZodCheck<string>[] = [];
  const limits: Limits = {};
  const openApi: Record<string, unknown> = { ...rest };
  if (minLength !== undefined) {
    checks.push(z.minLength(minLength));
    limits.too_small = minLength === 1 ? "not be empty" : `have ${minLength} characters or more`;
    openApi["minLength"] = minLength;
  }
  if (maxLength !== undefined) {
    checks.push(z.maxLength(maxLength));
    limits.too_big = `have ${maxLength} characters at most`;
    openApi["maxLength"] = maxLength;
  }
  if (checked !== undefined) {
    checks.push(z.regex(checked));
    limits.invalid_format = characters ?? `match ${checked.source}`;
  }
  return remember(z.string().check(...checks), { openApi, expected: "a string", limits });
}

interface IntegerFacts {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: "int32" | "int64";
}

export function integer(given: IntegerFacts = {}): z.ZodMiniNumber {
  const { minimum, maximum } = given;
  const checks: z.core.$ZodCheck<number>[] = [z.multipleOf(1)];
  const limits: Limits = {};
  if (minimum !== undefined) {
    checks.push(z.gte(minimum));
    limits.too_small = `be ${minimum} or more`;
  }
  if (maximum !== undefined) {
    checks.push(z.lte(maximum));
    limits.too_big = `be ${maximum} at most`;
  }
  return remember(z.number().check(...checks), {
    openApi: { ...given },
    expected: "a whole number",
    limits,
  });
}

export function flag(): z.ZodMiniBoolean {
  return remember(z.boolean(), { openApi: {}, expected: "true or false" });
}

type IntOrString = z.ZodMiniUnion<[z.ZodMiniString, z.ZodMiniNumber]>;

export function integerOrText(pattern?: string): IntOrString {
  return remember(z.union([z.string(), z.number().check(z.multipleOf(1))]), {
    openApi: {
      anyOf: [{ type: "integer" }, { type: "string" }],
      "x-kubernetes-int-or-string": true,
      ...(pattern === undefined ? {} : { pattern }),
    },
    expected: "a string or a whole number",
  });
}

/** One string and no other: apiVersion and kind. */
export function constant<const T extends string>(...values: T[]): z.ZodMiniLiteral<T> {
  return remember(z.literal(values), {
    openApi: { type: "string" },
    expected: values.join(" or "),
  });
}

interface ListFacts {
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly listType?: "atomic" | "set" | "map";
  readonly mapKeys?: readonly string[];
}

export function list<S extends Schema>(item: S, given: ListFacts = {}): z.ZodMiniArray<S> {
  const { listType, mapKeys, ...limits } = given;
  return remember(z.array(item), {
    openApi: {
      ...limits,
      ...(listType === undefined ? {} : { "x-kubernetes-list-type": listType }),
      ...(mapKeys === undefined ? {} : { "x-kubernetes-list-map-keys": mapKeys }),
    },
    expected: "a list",
    ...limits,
  });
}

type Dictionary<S extends Schema> = z.ZodMiniRecord<z.ZodMiniString, S>;

export function dictionary<S extends Schema>(value: S): Dictionary<S> {
  return remember(z.record(z.string(), value), { openApi: {}, expected: "an object" });
}

interface FieldsFacts {
  /** Exactly one of them; said in the CRD, checked by whoever imports. */
  readonly oneOf?: readonly string[];
  /** At least one of them. */
  readonly anyOf?: readonly string[];
  readonly mapType?: "atomic";
  readonly ignored?: readonly string[];
  readonly isPartial?: boolean;
}

export function fields<S extends Shape>(shape: S, given: FieldsFacts = {}): z.ZodMiniObject<S> {
  const { oneOf, anyOf, mapType } = given;
  const present = (name: string): object => ({ properties: { [name]: {} }, required: [name] });
  return remember(z.object(shape), {
    openApi: {
      ...(anyOf === undefined ? {} : { anyOf: anyOf.map(present) }),
      ...(oneOf === undefined ? {} : { oneOf: oneOf.map(present) }),
      ...(mapType === undefined ? {} : { "x-kubernetes-map-type": mapType }),
    },
    expected: "an object",
    ignored: new Set(given.ignored),
    isPartial: given.isPartial ?? false,
  });
}

export function maybe<S extends Schema>(schema: S): z.ZodMiniExactOptional<S> {
  return z.exactOptional(schema);
}

/**
 * The schema of a field with words about it. They are the field's and not the schema's, which other
 * fields may have too.
 */
export function about<S extends Schema>(description: string, schema: S): S {
  return remember(schema.clone(), { ...factsOf(schema), description });
}

/** What a walker asks of a schema. */
type Anatomy =
  | { readonly kind: "fields"; readonly fields: ReadonlyMap<string, Field> }
  | { readonly kind: "list"; readonly item: Schema }
  | { readonly kind: "dictionary"; readonly value: Schema }
  | { readonly kind: "value" };

export interface Field {
  readonly schema: Schema;
  readonly isOptional: boolean;
  readonly description: string | undefined;
}

const anatomies = new WeakMap<Schema, Anatomy>();

export function anatomyOf(schema: Schema): Anatomy {
  const known = anatomies.get(schema);
  if (known !== undefined) return known;
  const anatomy = dissect(schema);
  anatomies.set(schema, anatomy);
  return anatomy;
}

function dissect(schema: Schema): Anatomy {
  if (schema instanceof z.ZodMiniObject) {
    const shape = schema.def.shape as Shape;
    return {
      kind: "fields",
      fields: new Map(Object.entries(shape).map(([k, s]) => [k, field(s)])),
    };
  }
  if (schema instanceof z.ZodMiniArray) return { kind: "list", item: schema.def.element as Schema };
  if (schema instanceof z.ZodMiniRecord) {
    return { kind: "dictionary", value: schema.def.valueType as Schema };
  }
  return { kind: "value" };
}

function field(schema: Schema): Field {
  const { description } = factsOf(schema);
  if (!(schema instanceof z.ZodMiniExactOptional)) {
    return { schema, isOptional: false, description };
  }
  return { schema: schema.def.innerType as Schema, isOptional: true, description };
}
