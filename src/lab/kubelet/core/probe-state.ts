import type { Probe } from "./pod.ts";

/** What one run of a probe came to. */
export interface ProbeResult {
  readonly isSuccess: boolean;
  /** It could not be made out: nothing follows from it. */
  readonly isUnknown?: boolean;
  /** Why not, for the event. */
  readonly message: string;
}

/** How often in a row a probe has come to the same, and what that has made of its container. */
export interface ProbeState {
  readonly isGood: boolean;
  readonly inARow: number;
  readonly lastWasSuccess: boolean | undefined;
}

/** Readiness and start are to be proved; that a container lives is believed until it fails. */
export function firstProbeState(isGood: boolean): ProbeState {
  return { isGood, inARow: 0, lastWasSuccess: undefined };
}

export function afterProbe(state: ProbeState, probe: Probe, isSuccess: boolean): ProbeState {
  const inARow = state.lastWasSuccess === isSuccess ? state.inARow + 1 : 1;
  const threshold = isSuccess ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  const isGood = inARow >= threshold ? isSuccess : state.isGood;
  return { isGood, inARow, lastWasSuccess: isSuccess };
}

/** Whether a probe has failed so often that it acts: `isGood` alone may never have been true. */
export function hasGivenUp(state: ProbeState, probe: Probe): boolean {
  return state.lastWasSuccess === false && state.inARow >= (probe.failureThreshold ?? 3);
}
