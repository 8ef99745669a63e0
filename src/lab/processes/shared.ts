/** What the lab's processes have in common. */
import type { AsyncScope, Clock } from "#base";
import { createLogger, type Logger, parseLogLevel } from "#base/log";
import { KubeClient } from "#kube";
import type { LabNetwork } from "#lab/network";
import type { KeyAndCertificate } from "../pki/certificate.ts";
import { apiServerUrl, networkOf } from "../state/addresses.ts";
import { type Places, placesOf } from "../state/places.ts";
import { needSettings } from "../state/settings.ts";
import type { LabSettings } from "../state/settings-types.ts";

export interface LabContext {
  readonly places: Places;
  readonly settings: LabSettings;
  readonly network: LabNetwork;
  readonly logger: Logger;
}

/** How a hidden process runs: until the signal, or until what it is there for fails. */
export interface ProcessOptions {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

export function openLab(name: string, process: string): LabContext {
  const places = placesOf(name);
  const settings = needSettings(places);
  const level = parseLogLevel(settings.values.logLevel);
  const logger = createLogger({ name: process, level, format: "text" });
  return { places, settings, network: networkOf(settings, places), logger };
}

/** As whoever the certificate says; closed with the scope. */
export function clientOf(
  network: LabNetwork,
  authority: string,
  { certificate: cert, key }: KeyAndCertificate,
  scope: AsyncScope,
): KubeClient {
  const client = KubeClient.of({ server: apiServerUrl(network), ca: authority, cert, key });
  return scope.use(client);
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

/** So long an API server that is starting may leave a question unanswered. */
const ASK_PATIENCE_MS = 1_000;
const ASK_EVERY_MS = 50;

/** Until the API server answers; at once where the signal is given. */
export async function apiServerAnswers(
  client: KubeClient,
  { signal, clock }: Pick<ProcessOptions, "signal" | "clock">,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(ASK_PATIENCE_MS)]);
      await client.raw("GET", "/readyz", { signal: patience });
      return;
    } catch {
      // An abort only cuts the pause short.
      await clock.sleep(ASK_EVERY_MS, signal).catch(() => {});
    }
  }
}
