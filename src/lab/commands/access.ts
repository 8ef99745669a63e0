/** How commands reach a lab: its supervisor, its API server, its entry in a kubeconfig. */
import { join } from "node:path";
import { AppError, type Clock } from "#base";
import { KubeClient } from "#kube";
import { newKubeconfig, type ContextEntry } from "../kubeconfig/edit.ts";
import { apiServerAddresses, apiServerUrl, networkOf } from "../state/addresses.ts";
import { ensureClusterPki } from "../state/cluster-pki.ts";
import { writeFileWhole } from "../state/files.ts";
import { lock } from "../state/lock.ts";
import { type Places, placesOf } from "../state/places.ts";
import { needSettings, writeSettings } from "../state/settings.ts";
import type { LabSettings } from "../state/settings-types.ts";
import { askSupervisor, type SupervisorStatus } from "../supervisor/control.ts";

const LOCK_PATIENCE_MS = 30_000;

export interface Lab {
  readonly places: Places;
  readonly settings: LabSettings;
}

/** A lab that is there, whether it runs or not. */
export function openLab(name: string): Lab {
  const places = placesOf(name);
  return { places, settings: needSettings(places) };
}

/** One command at a time changes a lab. */
export function lockLab(name: string, clock: Clock): Promise<AsyncDisposable> {
  const what = `Another "cilium lab" command is at work on lab ${name}`;
  return lock(`command/${name}`, { what, patienceMs: LOCK_PATIENCE_MS, clock });
}

export function contextName(name: string): string {
  return `ciliate-${name}`;
}

/** As its administrator. */
export function contextOf({ places, settings }: Lab, clock: Clock): ContextEntry {
  const network = networkOf(settings, places);
  const { authority, admin } = ensureClusterPki(
    places.pkiFolder,
    apiServerAddresses(network),
    clock,
  );
  return {
    name: contextName(settings.name),
    server: apiServerUrl(network),
    authority: authority.certificate,
    certificate: admin.certificate,
    key: admin.key,
  };
}

/** As its administrator; to be disposed of. */
export function clientOfLab(lab: Lab, clock: Clock): KubeClient {
  const { server, authority, certificate, key } = contextOf(lab, clock);
  return KubeClient.of({ server, ca: authority, cert: certificate, key });
}

/** A kubeconfig with this lab alone in it, beside the lab's state; answers its path. */
export function writeOwnKubeconfig(lab: Lab, clock: Clock): string {
  const path = join(lab.places.stateFolder, "kubeconfig");
  writeFileWhole(path, newKubeconfig(contextOf(lab, clock)));
  return path;
}

/** Changes what the lab is to be, and has its supervisor bring it about. */
export async function changeSettings(
  name: string,
  change: (settings: LabSettings) => LabSettings,
  clock: Clock,
): Promise<SupervisorStatus> {
  await using _lock = await lockLab(name, clock);
  const { places, settings } = openLab(name);
  if ((await askSupervisor(places.controlSocket, "status")) === undefined) throw notRunning(name);
  writeSettings(places, change(settings));
  const status = await askSupervisor(places.controlSocket, "reconcile");
  if (status === undefined) throw notRunning(name);
  return status;
}

function notRunning(name: string): AppError {
  const call = name === "lab" ? "cilium lab up" : `cilium lab up --name ${name}`;
  return new AppError("not-running", `Lab ${name} is there and does not run: "${call}" starts it.`);
}
