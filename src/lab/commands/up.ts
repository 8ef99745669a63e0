import { AppError, type Clock } from "#base";
import { usedLabIndexes } from "#lab/network";
import { checkKubeconfig, takeContextOut, writeContext } from "../kubeconfig/file.ts";
import { apiServerAddresses, freeIndex, networkOf } from "../state/addresses.ts";
import { ensureClusterPki } from "../state/cluster-pki.ts";
import { checkWritable, makeFolder } from "../state/files.ts";
import { lock } from "../state/lock.ts";
import { knownLabs, type Places, placesOf } from "../state/places.ts";
import {
  DEFAULT_VALUES,
  newNode,
  readSettings,
  setValue,
  writeSettings,
} from "../state/settings.ts";
import { type CniKind, type LabSettings, MAX_NODES } from "../state/settings-types.ts";
import { contextName, contextOf, type Lab, lockLab, writeOwnKubeconfig } from "./access.ts";
import { checkMachine } from "./machine.ts";
import { startDemo, waitForCluster } from "./ready.ts";
import { ensureSupervisor } from "./start.ts";

const INDEX_PATIENCE_MS = 10_000;
const DEFAULT_NODES = 2;

interface UpOptions {
  readonly name: string;
  /** What is not said is as it is in a lab that is there, or the default in a new one. */
  readonly nodes?: number | undefined;
  readonly isIpv6?: boolean | undefined;
  readonly cni?: CniKind | undefined;
  readonly assignments: readonly string[];
  readonly hasDemo: boolean;
  /** The file that gets the context. */
  readonly kubeconfig: string;
  /** Told a line for each step that is done. */
  readonly report: (line: string) => void;
  readonly clock: Clock;
}

/** Makes the lab, or starts what is there, and waits until it can be used. */
export async function up(options: UpOptions): Promise<void> {
  const { name, clock, report } = options;
  const places = placesOf(name);
  checkMachine();
  await using _lock = await lockLab(name, clock);
  checkKubeconfig(options.kubeconfig);
  checkWritable(places.stateFolder);
  checkWritable(places.runFolder);
  makeFolder(places.logFolder);
  const lab: Lab = { places, settings: await prepareSettings(places, options) };
  ensureClusterPki(places.pkiFolder, apiServerAddresses(networkOf(lab.settings, places)), clock);
  writeOwnKubeconfig(lab, clock);
  const isNew = await ensureSupervisor(places, clock);
  report(isNew ? `Lab ${name} is starting` : `Lab ${name} is up`);
  await waitForCluster(lab, { clock, report });
  await makeCurrent(lab, options);
  if (options.hasDemo) await startDemo(lab, { clock, report });
}

/** As they are, checked against what is asked; or new ones, with an index of their own. */
async function prepareSettings(places: Places, options: UpOptions): Promise<LabSettings> {
  const held = readSettings(places);
  if (held !== undefined) {
    refuseChanges(held, options);
    return held;
  }
  const { name, nodes = DEFAULT_NODES, isIpv6 = false, cni = "bridge", clock } = options;
  if (nodes < 0 || nodes > MAX_NODES) {
    throw new AppError("nodes", `A lab has up to ${MAX_NODES} nodes, not ${nodes}.`);
  }
  const values = options.assignments.reduce(setValue, DEFAULT_VALUES);
  const what = "Another lab is being made";
  await using _lock = await lock("index", { what, patienceMs: INDEX_PATIENCE_MS, clock });
  const settings: LabSettings = {
    name,
    index: freeIndex(takenIndexes(name)),
    isIpv6,
    cni,
    values,
    nodes: Array.from({ length: nodes }, (_, place) => newNode(place + 1)),
    internetHosts: [],
  };
  writeSettings(places, settings);
  return settings;
}

/** Of other labs, whether they run or not, and of bridges that some lab left. */
function takenIndexes(own: string): Set<number> {
  const others = knownLabs().filter((name) => name !== own);
  const indexes = others.flatMap((name) => {
    try {
      return readSettings(placesOf(name))?.index ?? [];
    } catch {
      // Damaged: its bridge, where it runs, tells its index.
      return [];
    }
  });
  return new Set([...indexes, ...usedLabIndexes()]);
}

function refuseChanges(held: LabSettings, options: UpOptions): void {
  const { name, nodes, isIpv6, cni, assignments } = options;
  const differences = [
    ...(nodes !== undefined && nodes !== held.nodes.length ? [`${held.nodes.length} nodes`] : []),
    ...(isIpv6 !== undefined && isIpv6 !== held.isIpv6 ? ["no IPv6"] : []),
    ...(cni !== undefined && cni !== held.cni ? [`--cni ${held.cni}`] : []),
    ...assignments.flatMap((text) => {
      const same = JSON.stringify(setValue(held.values, text)) === JSON.stringify(held.values);
      return same ? [] : [`another ${text.split("=")[0]}`];
    }),
  ];
  if (differences.length === 0) return;
  throw new AppError(
    "name-taken",
    `Lab ${name} is there already, with ${differences.join(", ")}: "cilium lab up --name OTHER" makes another, "cilium lab node add --name ${name}" adds a node, "cilium lab down --name ${name}" removes this one.`,
  );
}

/** The context into the file that kubectl reads; out of the one where it was before. */
async function makeCurrent(lab: Lab, { kubeconfig, clock, report }: UpOptions): Promise<void> {
  const { places, settings } = lab;
  const held = settings.kubeconfig;
  if (held !== undefined && held.path !== kubeconfig) {
    await takeContextOut(held.path, contextName(settings.name), held.previousContext, clock);
  }
  const previous =
    (await writeContext(kubeconfig, contextOf(lab, clock), clock)) ??
    (held?.path === kubeconfig ? held.previousContext : undefined);
  const written = {
    path: kubeconfig,
    ...(previous === undefined ? {} : { previousContext: previous }),
  };
  writeSettings(places, { ...settings, kubeconfig: written });
  report(`kubectl uses context ${contextName(settings.name)} (${kubeconfig})`);
}
