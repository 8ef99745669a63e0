/** The one way into the store: a change judged and written in one step, or only judged (dry run). */
import { StatusError } from "../../schema/status-error.ts";
import type { KubeObject, ServedResource } from "../../schema/types.ts";
import { StoreError } from "../../store/errors.ts";
import type { StoredObject } from "../../store/types.ts";
import type { ApiContext } from "../context.ts";
import { alreadyExists, conflict, expired, notFound, tooLarge, unavailable } from "../errors.ts";
import { inOrder } from "../json.ts";
import type { Write } from "../write.ts";
import { keyOf, served, toStored } from "./place.ts";

export interface Place {
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
}

/** That nothing is to be left of the object, and what the client is shown of it. */
export class Removal {
  readonly last: KubeObject;

  constructor(last: KubeObject) {
    this.last = last;
  }
}

/** What is to become of the object: a new state, the one it has, or nothing. */
export type Decision = KubeObject | "unchanged" | Removal;

export interface Committed {
  /** After the write; of what is gone, its last state. In the version asked for. */
  readonly object: KubeObject;
  /** Its JSON, where the store has it in this form. */
  readonly stored: StoredObject | undefined;
  readonly isRemoved: boolean;
  readonly isCreated: boolean;
}

/** `decide` may run twice, and throws what the client is to be answered. */
export async function commit(
  context: ApiContext,
  place: Place,
  write: Write,
  decide: (current: KubeObject | undefined) => Decision,
): Promise<Committed> {
  const key = keyOf(place.resource, place.namespace, place.name);
  try {
    if (write.options.isDryRun) return dryRun(context, place, key, write, decide);
    let removal: Removal | undefined;
    let isCreated = false;
    const stored = await context.store.modify(key, (current) => {
      const decision = decide(current && served(place.resource, current));
      removal = decision instanceof Removal ? decision : undefined;
      isCreated = current === undefined;
      if (decision instanceof Removal) return undefined;
      if (decision === "unchanged") return current;
      return inOrder(toStored(place.resource, decision));
    });
    if (stored === undefined) throw notFound(place.resource, place.name);
    write.finish(true);
    if (removal !== undefined) return removed(removal, stored.revision);
    const object = served(place.resource, stored);
    return { object, stored, isRemoved: false, isCreated };
  } catch (error) {
    throw storeFailure(place.resource, place.name, error);
  } finally {
    write.finish(false);
  }
}

function removed({ last }: Removal, revision: number): Committed {
  const metadata = { ...last.metadata, resourceVersion: String(revision) };
  const object = inOrder({ ...last, metadata });
  return { object, stored: undefined, isRemoved: true, isCreated: false };
}

function dryRun(
  context: ApiContext,
  { resource, name }: Place,
  key: string,
  _write: Write,
  decide: (current: KubeObject | undefined) => Decision,
): Committed {
  const stored = context.store.get(key);
  const current = stored && served(resource, stored);
  const decision = decide(current);
  const isRemoved = decision instanceof Removal;
  const next = decision === "unchanged" ? current : decision;
  const object = next instanceof Removal ? next.last : next;
  if (object === undefined) throw notFound(resource, name);
  const version = current?.metadata.resourceVersion;
  const metadata = { ...object.metadata, ...(version && { resourceVersion: version }) };
  return {
    object: inOrder({ ...object, metadata }),
    stored: undefined,
    isRemoved,
    isCreated: stored === undefined,
  };
}

/** The store's refusals as a client is told of them. */
export function storeFailure(
  resource: Pick<ServedResource, "group" | "plural">,
  name: string,
  error: unknown,
): unknown {
  if (!(error instanceof StoreError)) return error;
  switch (error.code) {
    case "not-found":
      return notFound(resource, name);
    case "already-exists":
      return alreadyExists(resource, name);
    case "conflict":
      return conflict(resource, name);
    case "expired":
      return expired(error.message);
    case "too-new":
      return unavailable(error.message);
    case "bad-token":
      return new StatusError(400, "BadRequest", `invalid continue token: ${error.message}`);
    case "too-large":
      return tooLarge(MAX_STORED_BYTES);
    case "unavailable":
      return unavailable(error.message);
    default:
      return error;
  }
}

/** What etcd takes of one object; the store's own limit is not above it. */
const MAX_STORED_BYTES = 1_572_864;
