import { AsyncScope, IpAddress } from "#base";
import type { Collection } from "#ebpf";
import { type BenchContext, median, row, type Row } from "../lib/index.ts";
import { DatapathNode } from "./node.ts";
import { EMPTY, firstPacketNs, NEW_FLOWS, REPEATS, STILL, thousands } from "./packets.ts";
import { type FlowSet, Rotation } from "./rotation.ts";

interface Scale {
  readonly policies: number;
  readonly identities: number;
}

const SMALLEST: Scale = { policies: 0, identities: 100 };
const LARGEST: Scale = { policies: 1000, identities: 10_000 };
const SCALES: readonly Scale[] = [
  { policies: 100, identities: 100 },
  { policies: 1000, identities: 100 },
  { policies: 100, identities: 10_000 },
  LARGEST,
];
/** Whom packets go to, however many others there are. */
const PEERS = 100;
/** So few that flows themselves stay in the processor's caches. */
const OPEN_FLOWS = 1000;
const FIRST_PEER = IpAddress.parse("10.200.0.0");
/** Judging at all, which is not done without policies, is to take no more than this. */
const FIRST_PACKET_GOAL = 1.25;
const OPEN_GOAL = 1.1;

/** What many policies and identities do to a packet: nothing is the goal. */
export async function scales(context: BenchContext, rotation: Collection): Promise<Row[]> {
  const { rounds, progress } = context;
  await using scope = new AsyncScope();
  const all = [SMALLEST, ...SCALES];
  const runs: { node: DatapathNode; run: Rotation; open: number[]; first: number[] }[] = [];
  for (const scale of all) {
    progress(`filling ${scale.policies} policies, ${scale.identities} identities`);
    const node = scope.use(await openFilled(scale));
    runs.push({ node, run: new Rotation(node, rotation), open: [], first: [] });
  }
  const scattered: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    progress(`policies and identities, round ${round}`);
    for (const [at, { node, run, open, first }] of runs.entries()) {
      const firstNs = firstPacketNs(node, run, remotes(PEERS));
      // Opened by what went before.
      const openNs = run.costNs("ACK", remotes(PEERS, OPEN_FLOWS), REPEATS);
      // The first round is for warming up.
      if (round === 0) continue;
      first.push(firstNs);
      open.push(openNs);
      if (at === runs.length - 1)
        scattered.push(firstPacketNs(node, run, remotes(LARGEST.identities)));
    }
  }
  const openNs = runs.map(({ open }) => open);
  const firstNs = runs.map(({ first }) => first);
  return [
    ...scaleRows("a packet of an open connection", OPEN_GOAL, openNs),
    ...scaleRows("a first packet", FIRST_PACKET_GOAL, firstNs),
    row({
      what: `a first packet: ${nameOf(LARGEST)}, each packet to another one`,
      against: EMPTY,
      unit: "ns more",
      better: "lower",
      samples: scattered,
    }),
  ];
}

function remotes(peers: number, count = NEW_FLOWS): FlowSet {
  return { count, peers, firstAddress: FIRST_PEER.word3 };
}

function nameOf({ policies, identities }: Scale): string {
  return `${thousands(policies)} policies, ${thousands(identities)} identities`;
}

async function openFilled({ policies, identities }: Scale): Promise<DatapathNode> {
  await using scope = new AsyncScope();
  const node = scope.use(await DatapathNode.open(2, STILL, policies > 0));
  await node.control.addRemotes(identities, (at) => IpAddress.v4(FIRST_PEER.word3 + at));
  node.control.addPolicies(policies);
  scope.move();
  return node;
}

function scaleRows(packet: string, goal: number, samples: readonly (readonly number[])[]): Row[] {
  const [smallest = [], ...others] = samples;
  const rows = others.map((costs, at) =>
    row({
      what: `${packet}: ${nameOf(SCALES[at] ?? SMALLEST)}`,
      against: nameOf(SMALLEST),
      unit: "x",
      goal,
      better: "lower",
      samples: costs.map((cost, round) => cost / (smallest[round] ?? median(smallest))),
    }),
  );
  const what = `${packet}: ${nameOf(SMALLEST)}`;
  const base = { unit: "ns more", better: "lower", samples: smallest } as const;
  return [row({ what, against: EMPTY, ...base }), ...rows];
}
