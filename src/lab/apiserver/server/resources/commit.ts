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

/** What is to become of the object: a new state, the one it has, or nothing. */
export type Decision = KubeObject | "unchanged" | "removed";

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
    let isRemoved = false;
    let isCreated = false;
    const stored = await context.store.modify(key, (current) => {
      const decision = decide(current && served(place.resource, current));
      isRemoved = decision === "removed";
      isCreated = current === undefined;
      if (isRemoved) return undefined;
      if (decision === "unchanged" || decision === "removed") return current;
      return inOrder(toStored(place.resource, decision));
    });
    if (stored === undefined) throw notFound(place.resource, place.name);
    write.finish(true);
    return { object: served(place.resource, stored), stored, isRemoved, isCreated };
  } catch (error) {
    throw storeFailure(place.resource, place.name, error);
  } finally {
    write.finish(false);
  }
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
  const isRemoved = decision === "removed";
  const isUnchanged = decision === "unchanged" || decision === "removed";
  const object = isUnchanged ? current : decision;
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
      return new StatusError(400, "BadRequest", `continue key is not valid: ${error.message}`);
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
