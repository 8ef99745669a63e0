import assert from "node:assert/strict";
import { test } from "node:test";
import { DropReason, type FlowEvent, FlowEventKind, flowEventCodec, Verdict } from "#abi";
import { AsyncScope } from "#base";
import { defaultDatapathSettings, readLostEvents } from "#datapath";
import { World } from "../world/world.ts";
import { Child, pathOf } from "./child.ts";
import { policy, policyRef } from "./policies.ts";

// New flows see a policy change whole or not at all: two versions take turns while another process
// begins flows, and what both pods' policies said of a flow must be what one of the two says. Some
// denials move from one pod to the other: neither version lets such flows pass.

const TURNS = 120;
const FLOWS = 300_000;
const PACKETS_PER_SECOND = 110_000;
/** Programs that began before a change have ended by then. */
const GRACE_NS = 50_000_000n;
const PORTS_OF_EACH_KIND = 16;

type Direction = "egress" | "ingress";
type Version = "a" | "b";
const VERSIONS = ["a", "b"] as const;

/** By thousands of ports: who allows them. Denied: by a rule, where the other allows; else by none. */
const KINDS: Readonly<Record<number, Readonly<Record<Direction, readonly Version[]>>>> = {
  1: { egress: ["a"], ingress: ["a"] },
  2: { egress: ["b"], ingress: ["b"] },
  3: { egress: ["a", "b"], ingress: ["a", "b"] },
  4: { egress: [], ingress: [] },
  5: { egress: ["a"], ingress: ["b"] },
  6: { egress: ["b"], ingress: ["a"] },
};
const MOVING = [5, 6];
const PORTS = Object.keys(KINDS).flatMap((thousands) =>
  Array.from({ length: PORTS_OF_EACH_KIND }, (_, at) => Number(thousands) * 1000 + at * 61),
);

function rules(direction: Direction, version: Version): string {
  const [pod, peer] = direction === "ingress" ? ["api", "web"] : ["web", "api"];
  const peers = direction === "ingress" ? "fromEndpoints" : "toEndpoints";
  const rulesFor = (isFor: (allowing: readonly Version[]) => boolean): string =>
    Object.entries(KINDS)
      .filter(([, kind]) => isFor(kind[direction]))
      .map(
        ([thousands]) => `{ ${peers}: [{ matchLabels: { app: ${peer} } }], ${ports(thousands)} }`,
      )
      .join(", ");
  const allowed = rulesFor((allowing) => allowing.includes(version));
  const denied = rulesFor((allowing) => allowing.length > 0 && !allowing.includes(version));
  const selector = `endpointSelector: { matchLabels: { app: ${pod} } }`;
  return (
    policy(`allow-${direction}-${version}`, `{ ${selector}, ${direction}: [${allowed}] }`) +
    policy(`deny-${direction}-${version}`, `{ ${selector}, ${direction}Deny: [${denied}] }`)
  );
}

function ports(thousands: string): string {
  return `toPorts: [{ ports: [{ port: "${thousands}000", endPort: ${thousands}999, protocol: UDP }] }]`;
}

const text = (version: Version): string => rules("ingress", version) + rules("egress", version);

/** All of one version goes and all of the other comes, as one change. */
async function change(world: World, from: Version | undefined, to: Version): Promise<void> {
  for (const effect of ["allow", "deny"])
    for (const direction of ["ingress", "egress"])
      if (from !== undefined) world.desired.remove(policyRef(`${effect}-${direction}-${from}`));
  await world.apply(text(to));
}

/** Verdict and policy, as one version says them of a port on one side. */
function saying(direction: Direction, version: Version, port: number): string {
  const allowing = KINDS[Math.floor(port / 1000)]?.[direction] ?? [];
  if (allowing.includes(version)) return `allowed by shop/allow-${direction}-${version}`;
  return allowing.length > 0 ? `denied by shop/deny-${direction}-${version}` : "denied by nobody";
}

interface Phase {
  readonly version: Version;
  readonly fromNs: bigint;
  toNs: bigint;
}

class Judge {
  readonly #world: World;
  readonly phases: Phase[] = [];
  readonly #names = new Map<number, string>();
  flows = 0;

  constructor(world: World) {
    this.#world = world;
  }

  look(): void {
    this.#world.datapath.readEvents((bytes) => {
      const event = flowEventCodec.decode(bytes);
      if (event.protocol === 17) this.#check(event);
    });
  }

  #check(event: FlowEvent): void {
    const { destinationPort: port, verdict } = event;
    let versions: readonly Version[] = VERSIONS;
    const all: string[] = [];
    for (const [side, direction] of (["egress", "ingress"] as const).entries()) {
      if (verdict[side] === Verdict.notJudged) continue;
      const said = this.#said(event, side, direction);
      versions = versions.filter((version) => saying(direction, version, port) === said);
      all.push(`${direction} ${said}`);
    }
    assert.ok(versions.length > 0, `port ${port}: neither says ${all.join(", ")}`);
    this.flows += 1;
    const isDrop = event.kind === FlowEventKind.eventDrop;
    assert.equal(isDrop, verdict.includes(Verdict.denied), `port ${port}: what became of it`);
    const isMoving = MOVING.includes(Math.floor(port / 1000));
    assert.ok(isDrop || !isMoving, `port ${port}: neither lets it pass`);
    this.#checkTime(event, versions);
  }

  #said({ cookie, verdict, reason }: FlowEvent, side: number, direction: Direction): string {
    const by = this.#name(cookie[side] ?? 0, direction);
    if (verdict[side] !== Verdict.denied) return `allowed by ${by}`;
    const isByRule = reason === DropReason.dropPolicyDeny;
    assert.ok(isByRule || reason === DropReason.dropPolicyDenied, `reason ${reason}`);
    return `denied by ${isByRule ? by : "nobody"}`;
  }

  #name(cookie: number, direction: Direction): string {
    const key = cookie * 2 + (direction === "egress" ? 0 : 1);
    let name = this.#names.get(key);
    if (name !== undefined) return name;
    const event = { cookie: [cookie, cookie] };
    name = this.#world.policiesBehind(event, direction).join(", ");
    this.#names.set(key, name);
    return name;
  }

  /** When a change is done, nobody is judged by what was before. */
  #checkTime({ timeNs, destinationPort }: FlowEvent, versions: readonly Version[]): void {
    const phase = this.phases.find(
      ({ fromNs, toNs }) => timeNs > fromNs + GRACE_NS && timeNs < toNs,
    );
    if (phase === undefined) return;
    assert.ok(
      versions.includes(phase.version),
      `port ${destinationPort} by what was before ${phase.version}`,
    );
  }
}

test("new flows see each change of policy whole or not at all", async () => {
  await using scope = new AsyncScope();
  const world = scope.use(
    await World.start({
      settings: { tables: { ...defaultDatapathSettings.tables, eventRingBytes: 1 << 26 } },
    }),
  );
  const web = await world.addPod("shop/web", { labels: { app: "web" } });
  const api = await world.addPod("shop/api", { labels: { app: "api" } });
  await change(world, undefined, "a");
  world.takeEvents();
  const flood = scope.use(
    new Child("flood.ts", {
      namespace: pathOf(web.namespace),
      addresses: [
        [web.ipv4.key, api.ipv4.key],
        [web.ipv6.key, api.ipv6.key],
      ],
      transport: "udp",
      packets: 1,
      ports: PORTS,
      perSecond: PACKETS_PER_SECOND,
    }),
  );
  await flood.next();
  const judge = new Judge(world);
  let version: Version = "a";
  for (let turn = 0; turn < TURNS || judge.flows < FLOWS; turn++) {
    const next: Version = version === "a" ? "b" : "a";
    const before = judge.phases.at(-1);
    if (before !== undefined) before.toNs = world.datapath.readClock().timeNs;
    await change(world, version, next);
    version = next;
    const fromNs = world.datapath.readClock().timeNs;
    judge.phases.push({ version, fromNs, toNs: fromNs + 3_600_000_000_000n });
    // Every other one comes while records still name what the one before replaced, and has to wait.
    if (turn % 2 === 0) await world.control.retired();
    judge.look();
  }
  const { sent } = (await flood.ask("stop")) as { sent: number };
  judge.look();
  const lost = readLostEvents(world.datapath.maps);
  assert.deepEqual(lost, { drops: 0n, traces: 0n }, "every flow is told of");
  assert.equal(judge.flows, sent, "there is an event of every flow");
});
