/** The small types of Kubernetes' messages, as JSON has them. */
import { DecodeError } from "#base";
import type { Json } from "../../schema/types.ts";
import { wireFields, type WireValue } from "./wire.ts";

/** By the letters of `tools/kube-protobuf.ts`. */
export function scalarOf(type: string, value: WireValue): Json {
  switch (type) {
    case "s":
      return textOf(value);
    case "b":
      return integerOf(value) !== 0;
    case "i":
      return integerOf(value);
    case "d":
      return doubleOf(value);
    case "y":
      return Buffer.from(bytesOf(value)).toString("base64");
    case "q":
      return textOf(fieldsOf(value).get(1) ?? new Uint8Array());
    case "n":
      return intOrText(value);
    case "t":
      return timeOf(value, false);
    case "u":
      return timeOf(value, true);
    case "f":
      return embeddedJson(fieldsOf(value).get(1));
    case "x":
      return textList(value);
    default:
      throw new DecodeError(`a field is of the unknown type ${type}`, 0);
  }
}

/** The last value of each field. */
function fieldsOf(value: WireValue): Map<number, WireValue> {
  const fields = new Map<number, WireValue>();
  for (const field of wireFields(bytesOf(value))) fields.set(field.number, field.value);
  return fields;
}

function textOf(value: WireValue): string {
  return Buffer.from(bytesOf(value)).toString("utf8");
}

function integerOf(value: WireValue | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === "bigint") return Number(BigInt.asIntN(64, value));
  throw new DecodeError("a field is text, and should be a number", 0);
}

function doubleOf(value: WireValue): number {
  if (typeof value !== "bigint") throw new DecodeError("a field should be a number", 0);
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  const number = view.getFloat64(0);
  return Number.isFinite(number) ? number : 0;
}

function intOrText(value: WireValue): Json {
  const fields = fieldsOf(value);
  const isText = integerOf(fields.get(1)) === 1;
  return isText ? textOf(fields.get(3) ?? new Uint8Array()) : integerOf(fields.get(2));
}

/** What a Date can hold. */
const MAX_SECONDS = 8_640_000_000_000;

/** An empty message is no time: null. */
function timeOf(value: WireValue, isMicro: boolean): Json {
  const fields = fieldsOf(value);
  if (fields.size === 0) return null;
  const seconds = integerOf(fields.get(1));
  const nanos = integerOf(fields.get(2));
  if (Math.abs(seconds) > MAX_SECONDS) throw new DecodeError("a time is out of range", 0);
  const text = new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, "");
  if (!isMicro) return `${text}Z`;
  const micros = Math.floor(Math.abs(nanos) / 1_000) % 1_000_000;
  return `${text}.${String(micros).padStart(6, "0")}Z`;
}

function embeddedJson(value: WireValue | undefined): Json {
  if (value === undefined) return null;
  try {
    return JSON.parse(textOf(value)) as Json;
  } catch (cause) {
    throw new DecodeError("an embedded object is no JSON", 0, { cause });
  }
}

function textList(value: WireValue): Json {
  return [...wireFields(bytesOf(value))].flatMap((field) =>
    field.number === 1 ? textOf(field.value) : [],
  );
}

function bytesOf(value: WireValue): Uint8Array {
  if (typeof value !== "bigint") return value;
  throw new DecodeError("a field is a number, and should be text or a message", 0);
}
