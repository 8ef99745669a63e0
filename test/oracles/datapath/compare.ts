/** Two sides through the same steps, and where they part. */
import { DropReason, flowEventCodec } from "#abi";
import { bytesEqual, toHex } from "#base";
import { type Counts, type KeptTable, KEPT_TABLES, type Outcome, type Side } from "./side.ts";
import type { Case, PacketStep, Step } from "./step.ts";

export interface Sides {
  readonly kernel: Side;
  readonly model: Side;
}

/** One thing of which each has another value. */
export interface TableDifference {
  readonly table: KeptTable | "counts";
  readonly key: Uint8Array | string;
  readonly kernel: Uint8Array | bigint | undefined;
  readonly model: Uint8Array | bigint | undefined;
}

export interface Difference {
  readonly of: Case;
  /** The place of the step after which it shows. */
  readonly at: number;
  /** Where the difference is in what became of the packet, in words. */
  readonly fields: readonly string[];
  readonly kernel: Outcome | undefined;
  readonly model: Outcome | undefined;
  readonly tables: readonly TableDifference[];
}

/** Tables are compared after so many packets, and at the end. */
export function differenceOf(sides: Sides, of: Case, every: number): Difference | undefined {
  const { kernel, model } = sides;
  kernel.reset();
  model.reset();
  let packets = 0;
  for (const [at, step] of of.steps.entries()) {
    if (step.kind !== "packet") {
      for (const side of [kernel, model]) apply(side, step);
      continue;
    }
    const outcomes = { kernel: outcomeOf(kernel, step), model: outcomeOf(model, step) };
    const fields = [
      ...differingFields(outcomes.kernel, outcomes.model),
      ...wrongVerdict(step, outcomes.kernel),
    ];
    packets += 1;
    const isDue = packets % every === 0 || fields.length > 0;
    const tables = isDue ? tableDifferences(sides) : [];
    if (fields.length + tables.length > 0) return { of, at, fields, ...outcomes, tables };
  }
  const tables = tableDifferences(sides);
  if (tables.length === 0) return undefined;
  const at = of.steps.length - 1;
  return { of, at, fields: [], kernel: undefined, model: undefined, tables };
}

function apply(side: Side, step: Exclude<Step, { kind: "packet" }>): void {
  if (step.kind === "clock") side.setClock(step);
  else for (const write of step.writes) side.write(write);
}

/** What is thrown is shown with all that led to it, and made small, as any difference is. */
function outcomeOf(side: Side, step: PacketStep): Outcome {
  try {
    return side.send(step);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { action: 0, packet: step.bytes, mark: 0, events: [], error: text };
  }
}

function differingFields(kernel: Outcome, model: Outcome): string[] {
  const fields: string[] = [];
  for (const { error } of [kernel, model]) if (error !== undefined) fields.push(error);
  if (kernel.action !== model.action) fields.push("action");
  if (kernel.mark !== model.mark) fields.push("mark");
  if (!bytesEqual(kernel.packet, model.packet)) fields.push("packet");
  if (kernel.events.length !== model.events.length) fields.push("number of events");
  for (const [index, event] of kernel.events.entries()) {
    const other = model.events[index];
    if (other !== undefined && !bytesEqual(event, other)) fields.push(`event ${index}`);
  }
  return fields;
}

/** Whether policies deny a probe is not for the two to agree on alone. */
function wrongVerdict({ isDenied }: PacketStep, { events }: Outcome): string[] {
  const last = events.at(-1);
  if (isDenied === undefined || last === undefined) return [];
  const { reason } = flowEventCodec.decode(last);
  const isDropped = reason === DropReason.dropPolicyDeny || reason === DropReason.dropPolicyDenied;
  return isDropped === isDenied ? [] : [isDenied ? "policies deny it" : "policies do not deny it"];
}

function tableDifferences({ kernel, model }: Sides): TableDifference[] {
  const tables = KEPT_TABLES.flatMap((table) => entryDifferences(table, kernel, model));
  return [...tables, ...countDifferences(kernel.counts(), model.counts())];
}

function entryDifferences(table: KeptTable, kernel: Side, model: Side): TableDifference[] {
  const found: TableDifference[] = [];
  const entries = new Map<string, readonly [Uint8Array, Uint8Array]>();
  for (const entry of model.entries(table)) entries.set(toHex(entry[0]), entry);
  for (const [key, value] of kernel.entries(table)) {
    const text = toHex(key);
    const other = entries.get(text)?.[1];
    entries.delete(text);
    if (other === undefined || !bytesEqual(value, other))
      found.push({ table, key, kernel: value, model: other });
  }
  for (const [key, value] of entries.values()) {
    found.push({ table, key, kernel: undefined, model: value });
  }
  return found;
}

function countDifferences(kernel: Counts, model: Counts): TableDifference[] {
  return [...new Set([...kernel.keys(), ...model.keys()])].flatMap((key) => {
    const values = { kernel: kernel.get(key), model: model.get(key) };
    return values.kernel === values.model ? [] : [{ table: "counts" as const, key, ...values }];
  });
}
