import type { FlowCounts, Traffic } from "#abi";

/** The kernel's reasons, for each direction. */
const REASONS = 256;

/** What the programs count for each CPU, for a machine that has one. */
export class Counts {
  /** By `direction * 256 + reason`; only what was counted. */
  readonly metrics = new Map<number, Traffic>();
  /** Of TCP, and of the rest. */
  readonly flowCounts: [FlowCounts, FlowCounts] = [
    { created: 0n, recovered: 0n, failed: 0n },
    { created: 0n, recovered: 0n, failed: 0n },
  ];

  /** `direction`: TrafficDirection; `reason` is 0 for what passes. */
  countPacket(direction: number, reason: number, bytes: number): void {
    const index = direction * REASONS + reason;
    const before = this.metrics.get(index);
    this.metrics.set(index, {
      packets: (before?.packets ?? 0n) + 1n,
      bytes: (before?.bytes ?? 0n) + BigInt(bytes),
    });
  }

  countFlow(table: 0 | 1, what: keyof FlowCounts): void {
    const before = this.flowCounts[table];
    this.flowCounts[table] = { ...before, [what]: before[what] + 1n };
  }
}
