import { compilePattern } from "./patterns.ts";
import type { Json, JsonObject } from "../../types.ts";
import { hasFormat, knownFormat } from "./formats.ts";
import { Result } from "./result.ts";

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** The types that a value may have; none where all may be. */
export function typesOf(schema: JsonObject): readonly string[] {
  if (schema["x-kubernetes-int-or-string"] === true) return ["integer", "string"];
  return typeof schema["type"] === "string" && schema["type"] !== "" ? [schema["type"]] : [];
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Undefined where the schema says nothing of types. */
export function checkType(schema: JsonObject, value: Json, path: string): Result | undefined {
  const types = typesOf(schema);
  if (types.length === 0) return undefined;
  const result = new Result();
  const found = typeOf(value);
  if (found === "null") {
    if (schema["nullable"] === true) result.counted();
    else result.wrongType(path, found, types.join(","));
    return result;
  }
  const isRight = types.includes(found) || (found === "integer" && types.includes("number"));
  const format = knownFormat(schema, types);
  const isTextOrList = typeof value === "string" || Array.isArray(value);
  if (isRight || (format !== undefined && isTextOrList && !isNumeric(types))) result.counted();
  else if (format === undefined || isTextOrList) result.wrongType(path, found, types.join(","));
  else result.wrongType(path, FORMATS_OF_NUMBERS[found] ?? "", format);
  return result;
}

/** What a value of no such type is called where the schema has a format. */
const FORMATS_OF_NUMBERS: Readonly<Record<string, string>> = {
  integer: "int64",
  number: "float64",
};

/** Of other types, a format that is said judges texts and lists alone. */
function isNumeric(types: readonly string[]): boolean {
  return types.includes("number") || types.includes("integer");
}

export function checkNumber(schema: JsonObject, value: number, path: string): Result {
  const result = new Result();
  const { minimum, maximum, multipleOf } = schema;
  checkRange(schema, value, path, result);
  if (typeof multipleOf === "number" && multipleOf > 0 && !Number.isInteger(value / multipleOf)) {
    result.invalid(path, value, `should be a multiple of ${multipleOf}`);
  }
  if (typeof minimum === "number") {
    const isOutside = schema["exclusiveMinimum"] === true;
    const than = isOutside ? "greater than" : "greater than or equal to";
    const bound = boundFor(value, minimum);
    const isTooSmall = isOutside ? value <= bound : value < bound;
    if (isTooSmall) result.invalid(path, value, `should be ${than} ${bound}`);
  }
  if (typeof maximum === "number") {
    const isOutside = schema["exclusiveMaximum"] === true;
    const than = isOutside ? "less than" : "less than or equal to";
    const bound = boundFor(value, maximum);
    const isTooLarge = isOutside ? value >= bound : value > bound;
    if (isTooLarge) result.invalid(path, value, `should be ${than} ${bound}`);
  }
  return result.counted();
}

/** The API server compares whole numbers with whole numbers. */
function boundFor(value: number, bound: number): number {
  return Number.isInteger(value) ? Math.trunc(bound) : bound;
}

function checkRange(schema: JsonObject, value: number, path: string, result: Result): void {
  const types = typesOf(schema);
  if (types.length !== 1 || types[0] !== "integer") return;
  const { format } = schema;
  const isInt32 = format === "int32";
  const isInRange = !isInt32 || (value >= INT32_MIN && value <= INT32_MAX);
  if (Number.isInteger(value) && isInRange) return;
  const which =
    isInt32 || format === "int64" ? `integer with format ${format}` : "integer (default format)";
  result.form(`Checked value must be of type ${which} in ${path}`);
}

/** The first of length and pattern that the text fails. */
export function checkText(schema: JsonObject, value: string, path: string): Result {
  const result = new Result();
  const { minLength, maxLength, pattern } = schema;
  const length = codePoints(value);
  if (typeof maxLength === "number" && length > maxLength) {
    result.tooLong(path, maxLength);
  } else if (typeof minLength === "number" && length < minLength) {
    result.invalid(path, value, `should be at least ${minLength} chars long`);
  } else if (typeof pattern === "string" && !matches(pattern, value)) {
    result.invalid(path, value, `should match '${pattern}'`);
  }
  return result;
}

/** Undefined where the schema names no format that is looked at. */
export function checkFormat(schema: JsonObject, value: string, path: string): Result | undefined {
  const format = knownFormat(schema, typesOf(schema));
  if (format === undefined || typesOf(schema).includes("integer")) return undefined;
  const result = new Result();
  if (!hasFormat(format, value)) result.wrongType(path, value, format);
  return result;
}

/** Lengths are in code points, as Go counts runes. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** In time linear in the value; a pattern that cannot be read refuses nothing. */
function matches(pattern: string, value: string): boolean {
  const compiled = compilePattern(pattern);
  return typeof compiled === "string" || compiled.matcher(value).find();
}
