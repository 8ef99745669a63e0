import { copyJson, getOwn, isObject, sameJson, setOwn } from "../schema/node.ts";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { Json, JsonObject } from "../schema/types.ts";

/** The API server's own limit. */
const MAX_OPERATIONS = 10_000;
/** Copies can double a value with each operation: what they add up to, in values. */
const MAX_COPIED = 1_000_000;

interface Operation {
  op: string;
  path: string[];
  from: string[] | undefined;
  value: Json;
}

/** A patch by RFC 6902. What is no patch is 400, one that does not fit the object is 422. */
export function applyJsonPatch(current: Json, patch: Json): Json {
  const operations = readOperations(patch);
  const state = { root: copyJson(current), copied: 0 };
  for (const operation of operations) apply(state, operation);
  return state.root;
}

function readOperations(patch: Json): Operation[] {
  if (!Array.isArray(patch)) throw notThis(patch, "value of type []handlers.jsonPatchOp");
  if (patch.length > MAX_OPERATIONS) {
    throw new StatusError(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  return patch.map(readOperation);
}

/** As the reference's reader of JSON says what it has no place for. */
function notThis(value: Json, place: string): StatusError {
  return badRequest(
    `error decoding patch: json: cannot unmarshal ${goKind(value)} into Go ${place}`,
  );
}

function goKind(value: Json): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function readOperation(each: Json): Operation {
  if (!isObject(each)) throw notThis(each, "value of type handlers.jsonPatchOp");
  const [op = "", path, from] = ["op", "path", "from"].map((key) => {
    const value = getOwn(each, key);
    if (value === undefined || typeof value === "string") return value;
    throw notThis(value, `struct field jsonPatchOp.${key} of type string`);
  });
  if (path === undefined) throw doesNotFit();
  return {
    op,
    path: readPointer(path),
    from: from === undefined ? undefined : readPointer(from),
    // Nothing is what is set where nothing is said.
    value: getOwn(each, "value") ?? null,
  };
}

/** RFC 6901: `/spec/a~1b` is `spec`, then `a/b`. */
function readPointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/")) throw doesNotFit();
  const parts = pointer.slice(1).split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The reference says no more than this, whatever it was. */
function doesNotFit(): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return new StatusError(422, "Invalid", message, {});
}

function copiesTooMuch(): StatusError {
  const message = "Request entity too large: the patch copies too much";
  return new StatusError(413, "RequestEntityTooLarge", message);
}

interface State {
  root: Json;
  copied: number;
}

function apply(state: State, { op, path, from, value }: Operation): void {
  switch (op) {
    case "add":
      return add(state, path, copyJson(value));
    case "remove":
      remove(state, path);
      return;
    case "replace":
      return put(state, path, copyJson(value));
    case "move":
      if (from === undefined || isInside(path, from)) throw doesNotFit();
      return add(state, path, remove(state, from));
    case "copy": {
      if (from === undefined) throw doesNotFit();
      const copied = find(state, from);
      state.copied += sizeOf(copied);
      if (state.copied > MAX_COPIED) throw copiesTooMuch();
      return add(state, path, copyJson(copied));
    }
    case "test":
      if (!sameJson(find(state, path), value)) throw doesNotFit();
      return;
    default:
      throw doesNotFit();
  }
}

/** Whether the first is below the second, and not the same. */
function isInside(path: readonly string[], parent: readonly string[]): boolean {
  return path.length > parent.length && parent.every((part, index) => path[index] === part);
}

function sizeOf(value: Json): number {
  let [count, open] = [0, [value]];
  while (open.length > 0) {
    count += open.length;
    open = open.flatMap((each) =>
      typeof each === "object" && each !== null ? Object.values<Json>(each) : [],
    );
  }
  return count;
}

function find(state: State, path: readonly string[]): Json {
  let at: Json = state.root;
  for (const part of path) {
    const next = childOf(at, part);
    if (next === undefined) throw doesNotFit();
    at = next;
  }
  return at;
}

function childOf(value: Json, part: string): Json | undefined {
  if (Array.isArray(value)) return value[indexIn(part, value.length - 1) ?? -1];
  return isObject(value) ? getOwn(value, part) : undefined;
}

/** Digits only, no leading zero, at most the largest; undefined for others. */
function indexIn(part: string, largest: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(part)) return undefined;
  const index = Number(part);
  return index <= largest ? index : undefined;
}

function parentOf(
  state: State,
  path: readonly string[],
): { parent: Json[] | JsonObject; last: string } {
  const parent = find(state, path.slice(0, -1));
  if (!Array.isArray(parent) && !isObject(parent)) throw doesNotFit();
  return { parent, last: path.at(-1) ?? "" };
}

function add(state: State, path: readonly string[], value: Json): void {
  if (path.length === 0) {
    state.root = value;
    return;
  }
  const { parent, last } = parentOf(state, path);
  if (!Array.isArray(parent)) return setOwn(parent, last, value);
  const index = last === "-" ? parent.length : indexIn(last, parent.length);
  if (index === undefined) throw doesNotFit();
  parent.splice(index, 0, value);
}

/** In an object also what was not there: so does the reference. */
function put(state: State, path: readonly string[], value: Json): void {
  if (path.length === 0) {
    state.root = value;
    return;
  }
  const { parent, last } = parentOf(state, path);
  if (!Array.isArray(parent)) return setOwn(parent, last, value);
  const index = indexIn(last, parent.length - 1);
  if (index === undefined) throw doesNotFit();
  parent[index] = value;
}

function remove(state: State, path: readonly string[]): Json {
  const value = find(state, path);
  if (path.length === 0) throw doesNotFit();
  const { parent, last } = parentOf(state, path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return value;
}
