/** A difference as a person can follow it: what was there, what came, and what became of it. */
import { type Codec, flowEventCodec } from "#abi";
import { IpAddress, toHex } from "#base";
import { datapathMapAbis } from "#datapath";
import { formatPacket } from "#packet";
import type { Difference, TableDifference } from "./compare.ts";
import type { Outcome } from "./side.ts";
import type { Case, PacketStep, Step, Write } from "./step.ts";

interface Decoders {
  readonly key: Pick<Codec<unknown>, "decode">;
  readonly value: Pick<Codec<unknown>, "decode">;
}

const ADDRESS_BYTES = 16;
const MAC_BYTES = 6;

export function describe(difference: Difference): string {
  const { of, fields, kernel, model, tables } = difference;
  return [
    `settings ${show(of.settings)}`,
    ...stepsOf(of),
    `differs: ${[...fields, ...new Set(tables.map(({ table }) => table))].join(", ")}`,
    ...(kernel === undefined || model === undefined
      ? []
      : [...outcomeOf("kernel", kernel), ...outcomeOf("model ", model)]),
    ...tables.flatMap(describeTable),
  ].join("\n");
}

function stepsOf({ steps }: Case): string[] {
  return steps.flatMap((step) => describeStep(step));
}

function describeStep(step: Step): string[] {
  if (step.kind === "clock") return [`clock: ${step.jiffies} jiffies, ${step.timeNs} ns`];
  return step.kind === "packet"
    ? [`${describePlace(step)}: ${textOfPacket(step.bytes)}`, `    ${toHex(step.bytes)}`]
    : [`change: ${step.what}`, ...step.writes.map((write) => `    ${describeWrite(write)}`)];
}

function describePlace({ hook, slot, cameBy }: PacketStep): string {
  const from = cameBy === 0 ? "" : `, came by ${cameBy}`;
  return `${hook}, slot ${slot}${from}`;
}

function textOfPacket(bytes: Uint8Array): string {
  try {
    return formatPacket(bytes);
  } catch (error) {
    return `unreadable: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function describeWrite({ map, key, value }: Write): string {
  const codecs: Decoders = datapathMapAbis[map];
  const what = value === undefined ? "deleted" : show(codecs.value.decode(value));
  return `${map} ${show(codecs.key.decode(key))} = ${what}`;
}

function outcomeOf(who: string, { action, mark, packet, events }: Outcome): string[] {
  return [
    `${who}: action ${action}, mark 0x${mark.toString(16)}, ${textOfPacket(packet)}`,
    `        ${toHex(packet)}`,
    ...events.map((event) => `        event ${show(flowEventCodec.decode(event))}`),
  ];
}

function describeTable({ table, key, kernel, model }: TableDifference): string[] {
  if (table === "counts" || typeof key === "string") {
    return [`counts, ${String(key)}: kernel ${String(kernel ?? 0)}, model ${String(model ?? 0)}`];
  }
  const codecs: Decoders = datapathMapAbis[table];
  const value = (bytes: Uint8Array | bigint | undefined): string =>
    bytes instanceof Uint8Array ? show(codecs.value.decode(bytes)) : "nothing";
  return [
    `${table} ${show(codecs.key.decode(key))}`,
    `    kernel ${value(kernel)}`,
    `    model  ${value(model)}`,
  ];
}

/** What is zero is left out. */
function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => plain(each)) ?? "nothing";
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return textOfBytes(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (isAddress(value)) return IpAddress.fromBytes(value.bytes).toString();
  const fields = Object.entries(value).filter(([, each]) => each !== 0 && each !== false);
  return Object.fromEntries(fields);
}

function isAddress(value: object): value is { bytes: Uint8Array } {
  return (
    "bytes" in value && value.bytes instanceof Uint8Array && value.bytes.length === ADDRESS_BYTES
  );
}

function textOfBytes(bytes: Uint8Array): string {
  if (bytes.length === MAC_BYTES) return toHex(bytes);
  // Arrays of small numbers, mostly zeros at their ends.
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return Array.from(bytes.subarray(0, end), (each) => each.toString(16)).join(" ");
}
