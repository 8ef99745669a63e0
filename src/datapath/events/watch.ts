import { type FlowEvent, flowEventsRing } from "#abi";
import type { Datapath } from "../datapath.ts";

/** Programs wake nobody: a reader that comes this often finds the ring far from full. */
const INTERVAL_MS = 1;
const NS_PER_MS = 1e6;

/** What has come since, decoded; answers how many. Whoever has no time decodes what he needs. */
export function readFlowEvents(
  datapath: Pick<Datapath, "readEvents">,
  take: (event: FlowEvent) => void,
): number {
  return datapath.readEvents((bytes) => take(flowEventsRing.event.decode(bytes)));
}

/** The same again and again, until it is disposed of. */
export function watchFlowEvents(
  datapath: Pick<Datapath, "readEvents">,
  take: (event: FlowEvent) => void,
): Disposable {
  const timer = setInterval(() => void readFlowEvents(datapath, take), INTERVAL_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** When the clock of events was 0, in milliseconds since 1970. */
export function machineStartedAtMs(): number {
  // Node's counts as the kernel's does: CLOCK_MONOTONIC.
  return Date.now() - Number(process.hrtime.bigint()) / NS_PER_MS;
}
