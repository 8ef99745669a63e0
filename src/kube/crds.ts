import { AppError, type Clock, systemClock } from "#base";
import { type CrdKind, CRDS, customResourceDefinition, SCHEMA_VERSION_LABEL } from "#kube/types";

import type { KubeClient } from "./client.ts";
import { KubeError } from "./error.ts";
import type { AnyObject } from "./object.ts";
import { RESOURCES } from "./resource.ts";

interface Definition extends AnyObject {
  spec: unknown;
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** How long a server may take until it serves a kind that it has been told of. */
const ESTABLISH_TIMEOUT_MS = 30_000;
const POLL_MS = 100;
/** How often somebody else may change a definition between our reading and writing it. */
const MAX_CONFLICTS = 5;

/**
 * Has the server know our kinds, each as this version of the program defines it, and waits until
 * it serves them all. A definition that is there is brought up to date; labels and annotations of
 * others stay,
 * and so does the definition of a newer version.
 */
export async function installCrds(client: KubeClient, clock: Clock = systemClock): Promise<void> {
  const kinds = Object.keys(CRDS) as CrdKind[];
  await Promise.all(kinds.map((kind) => install(client, kind)));
  await Promise.all(kinds.map((kind) => waitUntilServed(client, kind, clock)));
}

async function install(client: KubeClient, kind: CrdKind): Promise<void> {
  const wanted = definitionOf(kind);
  for (let conflicts = 0; ; conflicts++) {
    try {
      const current = await find(client, kind);
      if (current === undefined) await client.create(RESOURCES.CustomResourceDefinition, wanted);
      else if (isNewer(current, wanted)) return;
      else await client.update(RESOURCES.CustomResourceDefinition, upgraded(current, wanted));
      return;
    } catch (error) {
      const isRace = KubeError.is(error, "Conflict") || KubeError.is(error, "AlreadyExists");
      if (!isRace || conflicts === MAX_CONFLICTS) {
        throw AppError.wrap(`installing the definition of ${kind}`, error);
      }
    }
  }
}

/** A newer version of the program, running beside this one, has more fields; they stay. */
function isNewer(current: Definition, wanted: Definition): boolean {
  const [theirs, ours] = [versionOf(current), versionOf(wanted)];
  const at = ours.findIndex((part, index) => part !== theirs[index]);
  return at >= 0 && (theirs[at] ?? 0) > (ours[at] ?? 0);
}

function versionOf({ metadata }: Definition): number[] {
  const version = metadata.labels?.[SCHEMA_VERSION_LABEL] ?? "";
  return version.split(".").map((part) => Number.parseInt(part, 10) || 0);
}

/** Servers fill defaults in before they compare: where nothing differs, nothing is written. */
function upgraded(current: Definition, wanted: Definition): Definition {
  const { labels, annotations } = wanted.metadata;
  return {
    ...current,
    metadata: {
      ...current.metadata,
      labels: { ...current.metadata.labels, ...labels },
      annotations: { ...current.metadata.annotations, ...annotations },
    },
    spec: wanted.spec,
  };
}

async function find(client: KubeClient, kind: CrdKind): Promise<Definition | undefined> {
  const name = definitionOf(kind).metadata.name ?? "";
  try {
    return await client.get<Definition>(RESOURCES.CustomResourceDefinition, { name });
  } catch (error) {
    if (KubeError.is(error, "NotFound")) return undefined;
    throw error;
  }
}

async function waitUntilServed(client: KubeClient, kind: CrdKind, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + ESTABLISH_TIMEOUT_MS;
  for (;;) {
    const conditions = (await find(client, kind))?.status?.conditions ?? [];
    if (conditions.some(({ type, status }) => type === "Established" && status === "True")) return;
    if (clock.monotonicMs() >= deadlineMs) {
      const refusals = conditions.filter(({ status }) => status !== "True");
      const why = refusals.map(({ type, message = "" }) => `; ${type}: ${message}`).join("");
      throw new AppError("kube", `the API server does not serve ${kind} yet${why}`);
    }
    await clock.sleep(POLL_MS);
  }
}

function definitionOf(kind: CrdKind): Definition {
  return customResourceDefinition(kind) as unknown as Definition;
}
