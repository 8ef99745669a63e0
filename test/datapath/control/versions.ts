/** Which versions may judge packets while one gives way to the next, and that no other does. */
import assert from "node:assert/strict";
import type { EndpointRow } from "#datapath";
import type { PolicyEngine, Question } from "#policy";
import { readEndpoint } from "./map-contents.ts";
import { isWithin, readNodeState, type Ruling, rulingOfSlot, rulingOfState } from "./map-judge.ts";
import type { NodeRig } from "./node-rig.ts";

/** Programs end sooner than this after they read the node's generation. */
const PROGRAM_MS = 50;
const PAIR_PORTS = [80, 100];

/** What is asked of one pod, or of both ends of a flow; and what is said to it. */
type Asked = readonly { readonly slot: number; readonly question: Question }[];
type Said = readonly Ruling[];

export class Versions {
  readonly #rig: NodeRig;
  readonly #questions: readonly Question[];
  #asked: readonly Asked[] = [];
  /** As asked. None: nobody knows, and nobody looks. */
  #versions: Said[][] = [];
  /** Identities that nobody had, or nobody has any more, in some of the versions. */
  #unsure = new Set<number>();
  #generation: number;
  #flippedMs = -Infinity;

  constructor(rig: NodeRig, questions: readonly Question[]) {
    this.#rig = rig;
    this.#questions = questions;
    this.#generation = readNodeState(rig.maps).generation;
  }

  /** Before a commit: that which is in force, or what is on its way already, if that is known. */
  open(rows: ReadonlyMap<number, EndpointRow>, moved: Iterable<number>): void {
    if (this.#isSettled(rows)) {
      this.close();
      this.#asked = [...this.#singles(rows), ...pairsOf([...rows.values()])];
      this.#versions = [
        this.#answers(({ slot, question }) => rulingOfSlot(this.#rig.maps, slot, question)),
      ];
    }
    for (const each of moved) this.#unsure.add(each);
  }

  /** What a commit says. */
  add(rows: ReadonlyMap<number, EndpointRow>, engine: PolicyEngine): void {
    if (this.#versions.length === 0) return;
    this.#versions.push(
      this.#answers(({ slot, question }) =>
        rulingOfState(engine.state(rows.get(slot)?.subject ?? ""), question),
      ),
    );
  }

  /** Nothing is known of what may be. */
  close(): void {
    this.#versions = [];
    this.#unsure.clear();
  }

  /** To be called after every single operation on a map. */
  check(): void {
    const { policies } = this.#rig.node.status();
    // Then identities that are gone leave the old policy, which is neither of the two any more.
    if (policies.behind.length > 0) return this.close();
    const nowMs = this.#rig.clock.monotonicMs();
    const { generation } = readNodeState(this.#rig.maps);
    if (generation !== this.#generation) this.#flippedMs = nowMs;
    this.#generation = generation;
    this.#checkIn(generation, policies.waiting > 0);
    if (nowMs < this.#flippedMs + PROGRAM_MS) this.#checkIn(generation ^ 1, true);
  }

  #checkIn(generation: number, isOnItsWay: boolean): void {
    const { maps } = this.#rig;
    if (this.#versions.length === 0) return;
    for (const [at, asked] of this.#asked.entries()) {
      const peers = asked.flatMap(({ question }) => question.peers);
      if (isOnItsWay && peers.some((each) => this.#unsure.has(each))) continue;
      const now = asked.map(({ slot, question }) => rulingOfSlot(maps, slot, question, generation));
      if (now.some(({ passes }) => !passes)) continue;
      const isFine = this.#versions.some((said) =>
        now.every((each, end) => isWithin(each, said[at]?.[end] ?? assert.fail("it was asked"))),
      );
      const versions = this.#versions.map((said) => said[at]);
      assert(isFine, JSON.stringify({ asked, now, versions }));
    }
  }

  #answers(answer: (each: Asked[number]) => Ruling): Said[] {
    return this.#asked.map((asked) => asked.map(answer));
  }

  #singles(rows: ReadonlyMap<number, EndpointRow>): Asked[] {
    return [...rows.keys()].flatMap((slot) =>
      this.#questions.map((question) => [{ slot, question }]),
    );
  }

  #isSettled(rows: ReadonlyMap<number, EndpointRow>): boolean {
    return (
      [...rows.keys()].every((slot) => {
        const { policy } = readEndpoint(this.#rig.maps, slot);
        return policy[0] === policy[1];
      }) && this.#rig.node.status().policies.waiting === 0
    );
  }
}

/** One pod sends to another: what the one may send, and what the other may get. */
function pairsOf(pods: readonly EndpointRow[]): Asked[] {
  return pods.flatMap((from) =>
    pods.flatMap((to) => (from === to ? [] : PAIR_PORTS.map((port) => pairOf(from, to, port)))),
  );
}

function pairOf(from: EndpointRow, to: EndpointRow, port: number): Asked {
  const common = { protocol: 6, port };
  return [
    { slot: from.slot, question: { ...common, direction: "egress", peers: [to.identity] } },
    { slot: to.slot, question: { ...common, direction: "ingress", peers: [from.identity] } },
  ];
}
