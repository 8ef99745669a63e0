import type { Clock } from "#base";
import { usedLabIndexes } from "#lab/network";
import { kubeconfigPath, takeContextOut } from "../kubeconfig/file.ts";
import { endProcesses, labNameOfBridge, removeFolders, removeNetwork } from "../processes/clean.ts";
import { networkOf } from "../state/addresses.ts";
import { knownLabs, placesOf } from "../state/places.ts";
import { readSettings } from "../state/settings.ts";
import type { LabSettings } from "../state/settings-types.ts";
import { contextName, lockLab } from "./access.ts";
import { checkRoot } from "./machine.ts";

interface DownOptions {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Takes a lab away whole, in whatever state it is: its processes, its network, its files, its
 * context. Answers whether there was anything.
 */
export async function down(name: string, { clock, environment }: DownOptions): Promise<boolean> {
  const places = placesOf(name);
  checkRoot();
  await using _lock = await lockLab(name, clock);
  const settings = tryReadSettings(name);
  const index = settings?.index ?? usedLabIndexes().find((each) => labNameOfBridge(each) === name);
  const isThere = index !== undefined || knownLabs().includes(name);
  const context = settings?.kubeconfig;
  const path = context?.path ?? kubeconfigPath(environment);
  if (isThere) await takeContextOut(path, contextName(name), context?.previousContext, clock);
  await endProcesses(places, clock);
  if (index !== undefined) {
    const isIpv6 = settings?.isIpv6 ?? true;
    const network = networkOf({ name, index, isIpv6 }, places);
    await removeNetwork(network, settings?.nodes ?? []);
  }
  removeFolders(places);
  return isThere;
}

/** Answers the names of the labs that were there. */
export async function downAll(options: DownOptions): Promise<string[]> {
  checkRoot();
  const bridges = usedLabIndexes().flatMap((index) => labNameOfBridge(index) ?? []);
  const names = [...new Set([...knownLabs(), ...bridges])];
  for (const name of names) await down(name, options);
  return names;
}

/** What is damaged is taken away too. */
function tryReadSettings(name: string): LabSettings | undefined {
  try {
    return readSettings(placesOf(name));
  } catch {
    return undefined;
  }
}
