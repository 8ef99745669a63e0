/** A random cluster as it changes: what the policy engine is told, and who is where. */
import fc from "fast-check";
import { Cidr, IpAddress, type Random } from "#base";
import type { ClusterModel, PeerIdentity, PolicyEngine, PolicyRef } from "#policy";
import { cases } from "../policy/generate-case.ts";
import { histories } from "../policy/history.ts";
import { IdentityNumbers } from "../policy/identity-numbers.ts";
import { modelOf } from "../policy/product.ts";
import type { Judge } from "./probes.ts";
import { podName, type RawObject, type RawPod } from "../policy/raw.ts";

const HOST_IDENTITY = 1;
const HOST_PREFIXES = ["172.16.0.1/32", "fd02::1/128"];

export interface PodFacts {
  readonly name: string;
  readonly identity: number;
  readonly subject: string;
  readonly ipv4: IpAddress;
  readonly ipv6: IpAddress;
}

interface PrefixFacts {
  readonly prefix: Cidr;
  readonly identity: number;
}

/** The cluster at one moment, and how the engine is brought there from the moment before. */
export interface ClusterMoment {
  readonly pods: readonly PodFacts[];
  /** Of whom is no pod. */
  readonly ipcache: readonly PrefixFacts[];
  readonly blocks: readonly PrefixFacts[];
  readonly judge: Judge;
  readonly enter: (engine: PolicyEngine) => void;
  readonly leave: (engine: PolicyEngine) => void;
}

interface Told {
  readonly ids: ReadonlySet<number>;
  readonly policies: ReadonlyMap<string, PolicyRef>;
  readonly subjects: ReadonlySet<string>;
}

export function* clusterMoments(random: Random): Generator<ClusterMoment> {
  const [each] = fc.sample(cases(1), { seed: random.below(2 ** 31), numRuns: 1 });
  if (each === undefined) return;
  const numbers = new IdentityNumbers();
  let told: Told = { ids: new Set(), policies: new Map(), subjects: new Set() };
  for (const objects of histories(each)) {
    const model = modelOf(objects);
    const identities = [...model.identities].map((one) => ({ ...one, id: numbers.of(one) }));
    const now: Told = {
      ids: new Set(identities.map(({ id }) => id)),
      policies: new Map(model.policies.map(({ ref }) => [JSON.stringify(ref), ref])),
      subjects: new Set([...model.subjects.values()].map(({ key }) => key)),
    };
    yield {
      pods: objects.filter(isPod).flatMap((pod) => factsOf(model, podName(pod), numbers) ?? []),
      judge: (flow) => model.verdict(flow),
      ...prefixesOf(identities),
      ...changeOf(model, identities, told, now),
    };
    told = now;
  }
}

function isPod(object: RawObject): object is RawPod {
  return object.kind === "Pod";
}

/** As incremental.ts has it: the engine lives on, and hears what has changed. */
function changeOf(
  model: ClusterModel,
  identities: readonly PeerIdentity[],
  before: Told,
  now: Told,
): Pick<ClusterMoment, "enter" | "leave"> {
  return {
    enter(engine) {
      for (const identity of identities) engine.upsertIdentity(identity);
      for (const policy of model.policies) engine.upsertPolicy(policy);
      for (const subject of model.subjects.values()) engine.upsertSubject(subject);
      for (const [name, ref] of before.policies) {
        if (!now.policies.has(name)) engine.removePolicy(ref);
      }
    },
    leave(engine) {
      for (const id of before.ids) if (!now.ids.has(id)) engine.removeIdentity(id);
      for (const key of before.subjects) if (!now.subjects.has(key)) engine.removeSubject(key);
    },
  };
}

function prefixesOf(
  identities: readonly PeerIdentity[],
): Pick<ClusterMoment, "ipcache" | "blocks"> {
  const ipcache = new Map<string, PrefixFacts>();
  const blocks = new Map<string, PrefixFacts>();
  for (const { id, cidr, block } of identities) {
    if (cidr !== undefined) ipcache.set(cidr.key, { prefix: cidr, identity: id });
    if (block !== undefined) blocks.set(block.key, { prefix: block, identity: id });
  }
  for (const text of HOST_PREFIXES) {
    ipcache.set(text, { prefix: Cidr.parse(text), identity: HOST_IDENTITY });
  }
  return { ipcache: [...ipcache.values()], blocks: [...blocks.values()] };
}

function factsOf(
  model: ClusterModel,
  name: string,
  numbers: IdentityNumbers,
): PodFacts | undefined {
  const { to } = model.flowOf({ from: name, to: name, port: 80 }).flow;
  const found = [...model.identities].find(({ id }) => id === to.peers[0]);
  if (found === undefined || to.subject === undefined || to.party.kind !== "pod") return undefined;
  const ipv4 = to.party.pod.addresses[0];
  if (ipv4 === undefined) return undefined;
  const ipv6 = IpAddress.parse(`fd00::${(ipv4.word3 & 0xff).toString(16)}`);
  return { name, identity: numbers.of(found), subject: to.subject.key, ipv4, ipv6 };
}
