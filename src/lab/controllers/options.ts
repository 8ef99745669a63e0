/** What can be set about the controllers, and what they do when it is not. */
import { type Clock, systemClock } from "#base";
import { type Logger, silentLogger } from "#base/log";

export interface ControllerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The certificate, as PEM, that clients in pods trust the API server by: `kube-root-ca.crt`. */
  readonly rootCa: string | undefined;
  /** A node whose lease is not renewed for so long is not ready. */
  readonly nodeMonitorGraceMs: number;
  /** The same for a node that has not told anything yet. */
  readonly nodeStartupGraceMs: number;
  /** How long owners that are not there must be missing before what they own goes. */
  readonly podGcEveryMs: number;
  /** How many finished pods are kept. */
  readonly terminatedPodThreshold: number;
  /** Controllers that are not to run, by name: whoever brings another in their place. */
  readonly disabled: readonly string[];
}

export const DEFAULTS: ControllerOptions = {
  clock: systemClock,
  logger: silentLogger,
  rootCa: undefined,
  nodeMonitorGraceMs: 50_000,
  nodeStartupGraceMs: 60_000,
  podGcEveryMs: 20_000,
  terminatedPodThreshold: 12_500,
  disabled: [],
};
