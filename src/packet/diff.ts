import { bytesEqual, toHex } from "#base";
import { type DecodeOptions, decodeLayers } from "./decode.ts";
import type { Layer } from "./layers.ts";

/** Of longer pieces the beginning is shown, and how many bytes there are. */
const MAX_SHOWN_BYTES = 32;

/**
 * What differs between two packets, a line a field: `ipv4.ttl: 63, expected 64`. Empty exactly
 * when their bytes are equal. For tests, to whose readers bytes say little.
 */
export function diffPackets(
  actual: Uint8Array,
  expected: Uint8Array,
  options: DecodeOptions = {},
): string[] {
  if (bytesEqual(actual, expected)) return [];
  const there = decodeLayers(actual, options);
  const wanted = decodeLayers(expected, options);
  const lines: string[] = [];
  const count = Math.max(there.packet.layers.length, wanted.packet.layers.length);
  for (let index = 0; index < count; index++) {
    lines.push(...diffLayer(there.packet.layers[index], wanted.packet.layers[index]));
  }
  lines.push(...line("not decoded", there.rest, wanted.rest));
  if (lines.length > 0) return lines;
  // One content in two encodings, as DNS names with and without pointers.
  return line("bytes", actual, expected);
}

function diffLayer(actual: Layer | undefined, expected: Layer | undefined): string[] {
  if (actual?.kind !== expected?.kind) return line("layer", actual?.kind, expected?.kind);
  const there = fieldsOf(actual);
  const wanted = fieldsOf(expected);
  const names = new Set([...Object.keys(there), ...Object.keys(wanted)]);
  return [...names].flatMap((name) => line(`${actual?.kind}.${name}`, there[name], wanted[name]));
}

function fieldsOf(layer: Layer | undefined): Record<string, unknown> {
  return { ...layer };
}

function line(name: string, actual: unknown, expected: unknown): string[] {
  const there = show(actual, Infinity);
  const wanted = show(expected, Infinity);
  if (there === wanted) return [];
  return [`${name}: ${show(actual, MAX_SHOWN_BYTES)}, expected ${show(expected, MAX_SHOWN_BYTES)}`];
}

function show(value: unknown, maxBytes: number): string {
  if (value === undefined) return "none";
  if (typeof value === "string") return value;
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? showBytes(part, maxBytes) : part,
  );
  return text.replaceAll('"', "");
}

function showBytes(bytes: Uint8Array, maxBytes: number): string {
  if (bytes.length <= maxBytes) return toHex(bytes);
  return `${toHex(bytes.subarray(0, maxBytes))}… (${bytes.length} bytes)`;
}
