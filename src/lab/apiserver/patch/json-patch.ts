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
  value: Json | undefined;
}

/** A patch by RFC 6902. What is no patch is 400, one that does not fit the object is 422. */
export function applyJsonPatch(current: Json, patch: Json): Json {
  const operations = readOperations(patch);
  const state = { root: copyJson(current), copied: 0 };
  for (const operation of operations) apply(state, operation);
  return state.root;
}

function readOperations(patch: Json): Operation[] {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch is a list of operations");
  if (patch.length > MAX_OPERATIONS) {
    throw new StatusError(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  return patch.map(readOperation);
}

function readOperation(each: Json): Operation {
  if (!isObject(each)) throw badRequest("an operation of a JSON patch is an object");
  const [op, path, from] = ["op", "path", "from"].map((key) => getOwn(each, key));
  if (typeof op !== "string") throw badRequest('an operation of a JSON patch needs an "op"');
  if (typeof path !== "string") throw badRequest('an operation of a JSON patch needs a "path"');
  const needsFrom = op === "move" || op === "copy";
  if (needsFrom && typeof from !== "string") throw badRequest(`"${op}" needs a "from"`);
  return {
    op,
    path: readPointer(path),
    from: typeof from === "string" ? readPointer(from) : undefined,
    value: getOwn(each, "value"),
  };
}

/** RFC 6901: `/spec/a~1b` is `spec`, then `a/b`. */
function readPointer(pointer: string): string[] {
  if (pointer === "") return [];
  if (!pointer.startsWith("/"))
    throw badRequest(`"${pointer}" is no JSON pointer: it begins with /`);
  const parts = pointer.slice(1).split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function doesNotFit(operation: Operation, why: string): StatusError {
  const path = `/${operation.path.join("/")}`;
  const message = `the server rejected our request due to an error in our request: ${operation.op} operation does not apply: doc is missing path or cannot be changed: ${JSON.stringify(path)}: ${why}`;
  return new StatusError(422, "Invalid", message);
}

interface State {
  root: Json;
  copied: number;
}

function apply(state: State, operation: Operation): void {
  const { op, path, from, value } = operation;
  switch (op) {
    case "add":
      return add(state, operation, path, needValue(operation, value));
    case "remove":
      remove(state, operation, path);
      return;
    case "replace":
      find(state, operation, path);
      return put(state, operation, path, needValue(operation, value));
    case "move": {
      if (isInside(path, from ?? []))
        throw doesNotFit(operation, "a value cannot move into itself");
      return add(state, operation, path, remove(state, operation, from ?? []));
    }
    case "copy": {
      const copied = find(state, operation, from ?? []);
      state.copied += sizeOf(copied);
      if (state.copied > MAX_COPIED) throw doesNotFit(operation, "the patch copies too much");
      return add(state, operation, path, copyJson(copied));
    }
    case "test":
      if (sameJson(find(state, operation, path), value ?? null)) return;
      throw new StatusError(
        422,
        "Invalid",
        `the server rejected our request due to an error in our request: testing value /${path.join("/")} failed`,
      );
    default:
      throw badRequest(`Unexpected kind: ${JSON.stringify(op)} is no operation of a JSON patch`);
  }
}

/** Whether the first is below the second, and not the same. */
function isInside(path: readonly string[], parent: readonly string[]): boolean {
  return path.length > parent.length && parent.every((part, index) => path[index] === part);
}

function needValue({ op }: Operation, value: Json | undefined): Json {
  if (value === undefined) throw badRequest(`"${op}" needs a "value"`);
  return copyJson(value);
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

function find(state: State, operation: Operation, path: readonly string[]): Json {
  let at: Json = state.root;
  for (const part of path) {
    const next = childOf(at, part);
    if (next === undefined) throw doesNotFit(operation, `there is no ${JSON.stringify(part)}`);
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
  operation: Operation,
  path: readonly string[],
): { parent: Json[] | JsonObject; last: string } {
  const parent = find(state, operation, path.slice(0, -1));
  if (!Array.isArray(parent) && !isObject(parent)) throw doesNotFit(operation, "it has no members");
  return { parent, last: path.at(-1) ?? "" };
}

function add(state: State, operation: Operation, path: readonly string[], value: Json): void {
  if (path.length === 0) {
    state.root = value;
    return;
  }
  const { parent, last } = parentOf(state, operation, path);
  if (!Array.isArray(parent)) return setOwn(parent, last, value);
  const index = last === "-" ? parent.length : indexIn(last, parent.length);
  if (index === undefined) throw doesNotFit(operation, `there is no place ${JSON.stringify(last)}`);
  parent.splice(index, 0, value);
}

function put(state: State, operation: Operation, path: readonly string[], value: Json): void {
  if (path.length === 0) {
    state.root = value;
    return;
  }
  const { parent, last } = parentOf(state, operation, path);
  if (Array.isArray(parent)) parent[Number(last)] = value;
  else setOwn(parent, last, value);
}

function remove(state: State, operation: Operation, path: readonly string[]): Json {
  const value = find(state, operation, path);
  if (path.length === 0) throw doesNotFit(operation, "the whole cannot be removed");
  const { parent, last } = parentOf(state, operation, path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return value;
}
