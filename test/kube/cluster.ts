/**
 * A real Kubernetes on this machine: its own control plane in the machine's network, nodes of
 * namespaces with containerd and kubelet. IPv4 only.
 *
 * Everything of it is found by name, so that `tearDown` needs to know nothing: one folder, one
 * cgroup with all processes in it, links and network namespaces.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError, type Clock, systemClock } from "#base";
import { KubeClient, RESOURCES } from "#kube";
import { announce, secondsSince } from "../../tools/lib/progress.ts";
import { makeCredentials, startApiServer, startControllers, startEtcd } from "./control-plane.ts";
import { applyDns, waitForDns } from "./dns.ts";
import { makeDnsImage, makeTestImages } from "./images.ts";
import { checkMachine, checkRoom, isStillRunning, ownProcess } from "./machine.ts";
import { cniConfFolder, makeUnderlay, removeUnderlay, startNode, startProxy } from "./node.ts";
import { FOLDER, KUBECONFIG, type NodePlace, nodePlaces } from "./places.ts";
import { routePods, writeConflist } from "./plain-cni.ts";
import { endAll, makeCgroups } from "./processes.ts";
import { ensurePrograms, KUBE_VERSION } from "./programs.ts";
import { startRegistry } from "./registry.ts";
import {
  type ClusterOptions,
  deadPrograms,
  describe,
  openRealCluster,
  type RealCluster,
  readState,
  STATE,
} from "./running.ts";
import { hasCondition, waitFor } from "./wait.ts";

interface Telling {
  readonly report: (line: string) => void;
  readonly clock?: Clock;
}

const MAKER = join(FOLDER, "maker");
const API_PATIENCE_MS = 60_000;
const NODE_PATIENCE_MS = 60_000;

/** Makes a cluster and waits until it can be used; one that is there already is left as it is. */
export async function bringUp(options: ClusterOptions, telling: Telling): Promise<RealCluster> {
  const { report, clock = systemClock } = telling;
  checkMachine();
  refuseWhileMade();
  const held = readState();
  const dead = held === undefined ? [] : deadPrograms(held);
  if (held !== undefined && dead.length === 0) {
    refuseOther(held, options);
    report(`The cluster is up already, with ${describe(held)}`);
    return openRealCluster();
  }
  if (existsSync(FOLDER)) {
    const why =
      dead.length === 0 ? "it was not finished" : `these are not running: ${dead.join(", ")}`;
    report(`Taking away the cluster of before (${why})`);
  }
  await tearDown();
  await checkRoom();
  await ensurePrograms(report);
  const began = performance.now();
  claim();
  try {
    await make(options, { report, clock });
    writeFileSync(STATE, JSON.stringify(options));
  } finally {
    rmSync(MAKER, { force: true });
  }
  report(
    `Kubernetes ${KUBE_VERSION} is up after ${secondsSince(began)}, with ${describe(options)}`,
  );
  return openRealCluster();
}

function refuseOther(held: ClusterOptions, options: ClusterOptions): void {
  if (describe(held) === describe(options)) return;
  throw new AppError(
    "other-cluster",
    `A cluster is up with ${describe(held)}: "npm run kube -- down" takes it away, then this can be made.`,
  );
}

function refuseWhileMade(): void {
  const maker = existsSync(MAKER) ? readFileSync(MAKER, "utf8") : undefined;
  if (maker === undefined || maker === ownProcess() || !isStillRunning(maker)) return;
  throw new AppError(
    "busy",
    `Process ${maker.split(" ")[0]} is making the cluster just now: wait for it, or end it.`,
  );
}

/** Makes the folder with the maker's name in it at once: of two, one is refused. */
function claim(): void {
  mkdirSync(dirname(FOLDER), { recursive: true });
  const draft = mkdtempSync(`${FOLDER}.`);
  try {
    writeFileSync(join(draft, "maker"), ownProcess());
    renameSync(draft, FOLDER);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    refuseWhileMade();
    throw AppError.wrap(`making ${FOLDER}`, error);
  }
}

async function make(options: ClusterOptions, telling: Required<Telling>): Promise<void> {
  const { report, clock } = telling;
  makeCgroups("control-plane");
  makeUnderlay();
  const images = announce("Making images", () => Promise.all([makeTestImages(), makeDnsImage()]));
  // Reported where it is waited for.
  images.catch(() => {});
  await makeCredentials();
  await startRegistry();
  await startEtcd();
  await startApiServer();
  using client = await KubeClient.fromKubeconfig(KUBECONFIG);
  await announce("Waiting for the API server", () =>
    waitFor("the API server", API_PATIENCE_MS, clock, async () => {
      return (await client.raw("GET", "/readyz")) === "ok";
    }),
  );
  report("The API server answers");
  await images;
  const places = nodePlaces(options.nodes);
  await Promise.all([startControllers(), ...places.map(startNode)]);
  await announce("Waiting for the nodes", () => joinNodes(client, options, clock));
  report(options.cni === "none" ? "Nodes have joined, and wait for a network" : "Nodes are ready");
  await applyDns(client);
  if (options.cni === "none" || !options.hasProxy) return;
  await announce("Waiting for the cluster's DNS", () => waitForDns(client, clock));
  report("Names of services are answered");
}

async function joinNodes(
  client: KubeClient,
  { nodes, cni, hasProxy }: ClusterOptions,
  clock: Clock,
): Promise<void> {
  const places = nodePlaces(nodes);
  const joined: { place: NodePlace; pods: string }[] = [];
  for (const place of places) {
    await waitFor(`${place.name} to join`, NODE_PATIENCE_MS, clock, async () => {
      const { spec } = await client.get(RESOURCES.Node, { name: place.name });
      const pods = (spec as { podCIDR?: string }).podCIDR;
      if (pods !== undefined) joined.push({ place, pods });
      return pods !== undefined;
    });
  }
  if (hasProxy) await Promise.all(places.map(startProxy));
  if (cni === "none") return;
  for (const { place, pods } of joined) writeConflist(cniConfFolder(place), pods);
  routePods(joined);
  for (const place of places) {
    await waitFor(`${place.name} to be ready`, NODE_PATIENCE_MS, clock, async () =>
      hasCondition(await client.get(RESOURCES.Node, { name: place.name }), "Ready"),
    );
  }
}

/** Leaves nothing of any cluster, finished or not. Answers whether there was something. */
export async function tearDown(): Promise<boolean> {
  refuseWhileMade();
  const wasThere = existsSync(FOLDER);
  await endAll();
  await removeUnderlay();
  rmSync(FOLDER, { recursive: true, force: true });
  return wasThere;
}

/** Applies the cluster's DNS anew and waits for it: with other networks, once they are there. */
export async function bringUpDns(clock: Clock = systemClock): Promise<void> {
  using client = await KubeClient.fromKubeconfig(openRealCluster().kubeconfigPath);
  await applyDns(client);
  await announce("Waiting for the cluster's DNS", () => waitForDns(client, clock));
}
