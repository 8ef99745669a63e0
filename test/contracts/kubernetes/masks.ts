/**
 * What differs from one cluster to the next, and from run to run, gets a name in its place, so
 * that an answer can be compared with what another cluster once said.
 */

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
/** What runtimes call what they make. */
const LONG_ID = /\b[0-9a-f]{64}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g;
const ADDRESS = /\b\d{1,3}(\.\d{1,3}){3}\b/g;
const TOKEN_VOLUME = /\bkube-api-access-[a-z0-9]{5}\b/g;
/** As ReplicaSets and revisions have it in their names: letters and digits that spell no words. */
const HASH = /(?<=-)[bcdfghjklmnpqrstvwxz2456789]{7,10}(?![a-z0-9])/g;
const REVISIONS = /\b(resource version: )\d+( \(|, current: )\d+/g;
/** How long an image took to come, and how large it is. */
const PULL = /\bin [\d.]+m?s \([\d.]+m?s including waiting\)\. Image size: \d+ bytes/g;
/** How long what ended waits. */
const BACK_OFF = /\bback-off (?:\d+m)?\d+s restarting/g;
/** A span of time, as tables have it. */
const AGE = /^(\d+ \()?(\d+[smhdy])+( ago\))?$/;
const FIRST_NODE_PORT = 30_000;
const LAST_NODE_PORT = 32_767;
const MASKED = new Set(["containerID", "imageID", "resourceVersion", "continue", "token"]);
const HASH_LABELS = ["pod-template-hash", "controller-revision-hash"];

/** Values that a conversation has learnt, and what stands for them. */
export class Names {
  readonly #names = new Map<string, string>();
  /** Also of what is shown by another name, which it had first. */
  readonly #values = new Map<string, string>();

  learn(value: string, name: string): void {
    if (value === "") return;
    if (!this.#values.has(name)) this.#values.set(name, value);
    if (!this.#names.has(value)) this.#names.set(value, name);
  }

  /** What `$NAME` stands for in a request. */
  expand(text: string): string {
    return text.replaceAll(/\$([A-Z][A-Z0-9]*)/g, (whole: string, name: string) => {
      const value = this.#values.get(`$${name}`);
      if (value !== undefined) return value;
      throw new Error(`nothing has been said of ${whole}`);
    });
  }

  /** The same in a text that has variables of its own: what nothing has been said of stays. */
  fill(text: string): string {
    return text.replaceAll(
      /\$([A-Z][A-Z0-9]*)/g,
      (whole: string) => this.#values.get(whole) ?? whole,
    );
  }

  /** The longest first: a pod's name begins with its ReplicaSet's. */
  hide(text: string): string {
    const values = [...this.#names.keys()].toSorted((one, two) => two.length - one.length);
    let hidden = text;
    for (const value of values) hidden = replaced(hidden, value, this.#names.get(value) ?? "");
    return hidden;
  }
}

/** A number only where it stands alone: as a part of another it is not what was learnt. */
function replaced(text: string, value: string, name: string): string {
  if (!/^\d+$/.test(value)) return text.replaceAll(value, name);
  return text.replaceAll(new RegExp(`(?<![\\w.-])${value}(?![\\w-]|\\.\\d)`, "g"), () => name);
}

/** Takes note of names that the server made up. */
function learnFrom(value: object, names: Names): void {
  const { metadata } = value as { metadata?: Record<string, unknown> };
  if (typeof metadata !== "object" || metadata === null) return;
  const labels = (metadata["labels"] ?? {}) as Record<string, unknown>;
  for (const label of HASH_LABELS) {
    const hash = labels[label];
    if (typeof hash === "string") names.learn(hash, "<hash>");
  }
  const { name, generateName } = metadata;
  if (typeof name !== "string" || typeof generateName !== "string") return;
  if (name.startsWith(generateName)) names.learn(name, `${names.hide(generateName)}<random>`);
}

function walk(value: unknown, visit: (value: object) => void): void {
  if (typeof value !== "object" || value === null) return;
  visit(value);
  for (const each of Object.values(value)) walk(each, visit);
}

export function maskText(text: string, names: Names): string {
  return names
    .hide(text)
    .replaceAll(HASH, "<hash>")
    .replaceAll(UUID, "<uid>")
    .replaceAll(LONG_ID, "<id>")
    .replaceAll(TIME, "<time>")
    .replaceAll(TOKEN_VOLUME, "kube-api-access-<random>")
    .replaceAll(REVISIONS, "$1<revision>$2<revision>")
    .replaceAll(PULL, "in <duration>")
    .replaceAll(BACK_OFF, "back-off <duration> restarting")
    .replaceAll(ADDRESS, "<address>");
}

function maskValue(key: string, value: unknown, names: Names): unknown {
  if (typeof value === "string") {
    if (key === "cells" && AGE.test(value)) return value.replace(AGE, "$1<age>$3");
    return MASKED.has(key) && value !== "" && value !== "0" ? `<${key}>` : maskText(value, names);
  }
  if (typeof value === "number") {
    const isNodePort = /nodePort/i.test(key) && value >= FIRST_NODE_PORT && value <= LAST_NODE_PORT;
    return isNodePort ? "<node port>" : value;
  }
  if (Array.isArray(value)) {
    const list = key === "managedFields" ? value.toSorted(byManager) : value;
    return list.map((each) => maskValue(key, each, names));
  }
  if (typeof value === "object" && value !== null) return maskObject(value, names);
  return value;
}

/** They stand in the order of their times, and which second each falls into is chance. */
function byManager(one: unknown, two: unknown): number {
  const [left, right] = [one, two].map((each) => {
    const entry = each as Record<string, string | undefined>;
    return ["operation", "manager", "apiVersion", "subresource"].map((key) => entry[key] ?? "");
  });
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

function maskObject(value: object, names: Names): object {
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [maskText(key, names), maskValue(key, each, names)]),
  );
}

function withoutManagedFields(key: string, value: unknown): unknown {
  return key === "managedFields" ? undefined : value;
}

interface MaskOptions {
  /** Also who set which field. */
  readonly hasManagedFields: boolean;
}

/** JSON as a conversation shows it. */
export function mask(value: unknown, names: Names, options: MaskOptions): unknown {
  walk(value, (each) => learnFrom(each, names));
  const masked = maskValue("", value, names);
  if (options.hasManagedFields) return masked;
  return JSON.parse(JSON.stringify(masked, withoutManagedFields) ?? "null");
}
