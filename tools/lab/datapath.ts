// npm run lab -- --datapath: four pods on a node, policies as people write them, real traffic, and
// live what becomes of it and why.
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { AsyncScope, systemClock } from "#base";
import { describeEvent, readTraffic, reasonText, watchFlowEvents } from "#datapath";
import { findBpfFilesystem, hasFeature, mountBpfFilesystem, unmountBpfFilesystem } from "#ebpf";
import { eventNames } from "../../test/datapath/world/event-names.ts";
import { dial, serve } from "../../test/datapath/world/traffic.ts";
import { World } from "../../test/datapath/world/world.ts";
import { POLICIES, QUARANTINE } from "./policies.ts";

const BPF_FILESYSTEM = "/sys/fs/bpf";
const PODS = ["frontend", "api", "database", "stranger"];
const PORTS: Readonly<Record<string, number>> = { api: 3000, database: 5432 };
const CALLS = [
  ["frontend", "api"],
  ["api", "database"],
  ["frontend", "database"],
  ["stranger", "api"],
] as const;
const ROUND_MS = 700;
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

/** Where pins of this run may stand; goes with it. */
function pinFolder(scope: AsyncScope): string {
  const mounted = findBpfFilesystem();
  if (mounted === undefined) {
    mountBpfFilesystem(BPF_FILESYSTEM);
    scope.defer(() => unmountBpfFilesystem(BPF_FILESYSTEM));
  }
  const folder = join(mounted ?? BPF_FILESYSTEM, `ciliate-lab-${process.pid}`);
  mkdirSync(folder);
  scope.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startNode(scope: AsyncScope): Promise<World> {
  const began = performance.now();
  const world = scope.use(await World.start({ pinFolder: pinFolder(scope), objects: POLICIES }));
  for (const name of PODS) await world.addPod(`demo/${name}`, { labels: { app: name } });
  for (const [name, port] of Object.entries(PORTS)) {
    await serve(scope, world.pod(`demo/${name}`), port);
  }
  const kind = hasFeature("tcx") ? "tcx links" : "clsact filters";
  const tookMs = Math.round(performance.now() - began);
  console.log(`A node with four pods, programs on their cables (by ${kind}), in ${tookMs} ms:`);
  for (const { name, ipv4, ipv6 } of world.pods.values()) {
    console.log(`    ${name.padEnd(16)} ${ipv4.toString().padEnd(12)} ${ipv6.toString()}`);
  }
  return world;
}

function printPolicies(): void {
  const names = [...POLICIES.matchAll(/name: ([\w-]+)/g)].map(([, name]) => name);
  console.log(`\nPolicies of namespace demo: ${names.join(", ")}.`);
  console.log(
    "frontend may speak to api:3000, api to database:5432, and nobody else to anybody.\n",
  );
}

/** Prints what the programs tell of the pods. */
function printEvents(world: World): Disposable {
  const names = eventNames(world);
  const isTerminal = process.stdout.isTTY;
  return watchFlowEvents(world.datapath, (event) => {
    const line = describeEvent(event, names);
    const isDrop = line.includes(" DROPPED ");
    console.log(isDrop && isTerminal ? `${RED}${line}${PLAIN}` : line);
  });
}

async function call(world: World, from: string, to: string, patienceMs: number): Promise<void> {
  const { ipv4 } = world.pod(`demo/${to}`);
  const answer = await dial(world.pod(`demo/${from}`), ipv4, PORTS[to] ?? 0, patienceMs);
  if (typeof answer !== "string") answer.destroy();
}

async function talk(world: World, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    for (const [from, to] of CALLS) await call(world, from, to, ROUND_MS / 4);
    await systemClock.sleep(ROUND_MS);
  }
}

/** A connection that is open when policy changes. */
async function open(world: World): Promise<Socket> {
  const { ipv4 } = world.pod("demo/api");
  const socket = await dial(world.pod("demo/frontend"), ipv4, PORTS["api"] ?? 0);
  if (typeof socket === "string") throw new Error(`frontend cannot reach api: ${socket}`);
  socket.on("error", () => {});
  socket.write("a question");
  await once(socket, "data");
  return socket;
}

/** Takes everything away again at the end. */
export async function demonstrateDatapath(seconds: number): Promise<void> {
  await using scope = new AsyncScope();
  const world = await startNode(scope);
  printPolicies();
  {
    using _printing = printEvents(world);
    await talk(world, performance.now() + seconds * 500);
    const socket = await open(world);
    console.log("\nA connection of frontend to api is open. Now a policy comes that denies it:\n");
    console.log(QUARANTINE);
    await world.apply(QUARANTINE);
    socket.write("another question");
    await talk(world, performance.now() + seconds * 500);
    socket.destroy();
    await systemClock.sleep(20);
  }
  printTraffic(world);
}

function printTraffic(world: World): void {
  console.log("\nWhat the programs counted:");
  for (const { reason, direction, packets, bytes } of readTraffic(world.datapath.maps)) {
    const what = reason === 0 ? "forwarded" : `dropped: ${reasonText(reason)}`;
    const counts = `${String(packets).padStart(6)} packets ${String(bytes).padStart(8)} bytes`;
    console.log(`    ${direction.padEnd(8)} ${counts}  ${what}`);
  }
}
