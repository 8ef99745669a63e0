import { quote } from "#base";
import { FindingList, type ObjectFinding } from "./findings.ts";
import { isKnownKind, type KindDefinition, KINDS, type KnownObject } from "./kinds.ts";
import { editDistance, nearest } from "./nearest.ts";
import { type Path, ROOT } from "./path.ts";
import { isObject, read } from "./walk.ts";

/** Of letters; what differs by more may be a kind that others know, as of CiliumEndpointSlice. */
const MAX_SLIPS = 2;
/** Shorter words are easily like others: Node and Pod are kinds, and so may Mode be. */
const MIN_SLIP_LENGTH = 7;
const MAX_KIND_LENGTH = 64;

export interface ParsedObject {
  /** As written; empty where there is none. */
  readonly kind: string;
  readonly apiVersion: string;
  /** Absent for kinds that nobody here knows, and where a finding is an error. */
  readonly object?: KnownObject;
  readonly findings: readonly ObjectFinding[];
}

/** Reads one object; lists of objects are for `itemsOf` to take apart first. */
export function parseObject(value: unknown): ParsedObject {
  const findings = new FindingList();
  if (!isObject(value)) {
    const got = Array.isArray(value) ? "a list" : quote(String(value));
    findings.error("wrong-type", ROOT, () => `expected an object of Kubernetes, got ${got}`);
    return { kind: "", apiVersion: "", findings: findings.toArray() };
  }
  const kind = textField(value, "kind", findings);
  const apiVersion = textField(value, "apiVersion", findings);
  const definition = findings.hasErrors ? undefined : findKind(kind, apiVersion, findings);
  if (definition === undefined) return { kind, apiVersion, findings: findings.toArray() };
  const object = read(definition.schema, value, ROOT, findings);
  if (findings.hasErrors) return { kind, apiVersion, findings: findings.toArray() };
  // What `read` answers without an error is what the schema says, and the schema is the type.
  return { kind, apiVersion, object: object as KnownObject, findings: findings.toArray() };
}

function at(step: string): Path {
  return { parent: ROOT, step, fields: undefined };
}

function textField(
  value: Readonly<Record<string, unknown>>,
  name: string,
  findings: FindingList,
): string {
  const given = Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof given === "string" && given !== "") return given;
  if (given === undefined || given === null || given === "") {
    findings.error("missing-field", at(name), () => "is missing: expected a string");
  } else {
    findings.error("wrong-type", at(name), () => `expected a string, got a ${typeof given}`);
  }
  return "";
}

/** A name that means something else in a group of others is not ours; an old version of ours is an error. */
function findKind(
  kind: string,
  apiVersion: string,
  findings: FindingList,
): KindDefinition | undefined {
  const slash = apiVersion.indexOf("/");
  const group = apiVersion.slice(0, Math.max(slash, 0));
  const version = apiVersion.slice(slash + 1);
  const definition = isKnownKind(kind) ? KINDS[kind] : undefined;
  if (definition === undefined || definition.group !== group) {
    const tell = (): string => unknownKind(kind, apiVersion, definition);
    if (isSlip(kind, group)) findings.error("unknown-kind", at("kind"), tell);
    else findings.warning("unknown-kind", at("kind"), tell);
    return undefined;
  }
  if (definition.versions.includes(version)) return definition;
  const known = definition.versions.map((v) => (group === "" ? v : `${group}/${v}`)).join(" or ");
  findings.error(
    "unknown-version",
    at("apiVersion"),
    () => `${kind} is read as ${known}, and this is ${quote(apiVersion)}`,
  );
  return undefined;
}

/** A kind that can only be one of ours, written wrong: a policy must not be ignored for that. */
function isSlip(kind: string, group: string): boolean {
  if (!Object.values(KINDS).some((definition) => definition.group === group)) return false;
  if (isKnownKind(kind)) return true;
  if (kind.length < MIN_SLIP_LENGTH || kind.length > MAX_KIND_LENGTH) return false;
  const lower = kind.toLowerCase();
  return Object.entries(KINDS).some(
    ([known, definition]) =>
      definition.group === group && editDistance(lower, known.toLowerCase()) <= MAX_SLIPS,
  );
}

function unknownKind(
  kind: string,
  apiVersion: string,
  definition: KindDefinition | undefined,
): string {
  const ignored = `${quote(kind)} of ${quote(apiVersion)} is not read here, and ignored`;
  if (definition !== undefined) {
    const group = definition.group === "" ? "Kubernetes' core" : definition.group;
    return `${ignored}; the one that is belongs to ${group}`;
  }
  const meant = nearest(kind, Object.keys(KINDS));
  return meant === undefined ? ignored : `${ignored}; did you mean ${quote(meant)}?`;
}
