import type { Program } from "#ebpf";
import type { CollectedFlows, FlowTable } from "../datapath.ts";

const TABLES: Readonly<Record<FlowTable, number>> = { tcp: 0, other: 1 };

/** `struct collection`: table, now, kept, removed. */
const COLLECTION_BYTES = 16;
const KEPT = 8;
const REMOVED = 12;

/** Walks over a table in the kernel, on another thread: 20 ms for 235,000 flows. */
export async function collectFlows(program: Program, table: FlowTable): Promise<CollectedFlows> {
  const argument = new Uint8Array(COLLECTION_BYTES);
  argument[0] = TABLES[table];
  const { context } = await program.runSyscallAsync(argument);
  const view = new DataView(context.buffer, context.byteOffset, context.byteLength);
  return { kept: view.getUint32(KEPT, true), removed: view.getUint32(REMOVED, true) };
}
