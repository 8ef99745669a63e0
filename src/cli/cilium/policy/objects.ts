/** Manifests as the objects they are, with what is wrong with them and where. */
import { type KnownObject, parseObject } from "#kube/types";
import type { LocatedFinding, Severity } from "./findings.ts";
import { badInputFinding } from "./findings.ts";
import { isRecord, type Manifest, type Manifests } from "./manifests.ts";

const TEST_GROUP = "ciliate.io/";
const NAMESPACED: ReadonlySet<string> = new Set([
  "Pod",
  "Service",
  "Endpoints",
  "EndpointSlice",
  "NetworkPolicy",
  "CiliumNetworkPolicy",
  "CiliumEndpoint",
]);

/** An object and the manifest that it was. */
interface Loaded {
  readonly manifest: Manifest;
  readonly object: KnownObject;
}

/** The code of what is not even an object: a text, a number, a list. */
export const NO_OBJECT = "no-object";

export interface LoadedObjects {
  readonly manifests: Manifests;
  readonly objects: readonly Loaded[];
  /** Of a kind of our own, which `test` reads. */
  readonly tests: readonly Manifest[];
  /** How many objects there are of kinds that say nothing about policy. */
  readonly otherKinds: ReadonlyMap<string, number>;
  readonly findings: readonly LocatedFinding[];
}

/** What `locate` needs beside the finding's own words. */
interface FindingWords {
  readonly severity: Severity;
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

export function loadObjects(manifests: Manifests, namespace: string): LoadedObjects {
  const objects: Loaded[] = [];
  const tests: Manifest[] = [];
  const otherKinds = new Map<string, number>();
  const findings: LocatedFinding[] = manifests.bad.map(badInputFinding);
  for (const found of manifests.objects) {
    if (!isRecord(found.value)) {
      findings.push(...noObject(found));
      continue;
    }
    const manifest = { ...found, value: withNamespace(found.value, namespace) };
    if (isPolicyTest(manifest.value)) {
      tests.push(manifest);
      continue;
    }
    const parsed = parseObject(manifest.value);
    if (parsed.object !== undefined) objects.push({ manifest, object: parsed.object });
    for (const finding of parsed.findings) {
      if (finding.code === "unknown-kind" && finding.severity === "warning") {
        otherKinds.set(parsed.kind, (otherKinds.get(parsed.kind) ?? 0) + 1);
      } else {
        findings.push(locate(manifest, finding));
      }
    }
  }
  for (const finding of repeated(objects)) findings.push(finding);
  return { manifests, objects, tests, otherKinds, findings };
}

/** How many objects there are of kinds that are read, with those in which something is wrong. */
export function countObjects({ manifests, otherKinds }: LoadedObjects): number {
  const objects = manifests.objects.filter(({ value }) => isRecord(value)).length;
  return [...otherKinds.values()].reduce((count, others) => count - others, objects);
}

function noObject(manifest: Manifest): LocatedFinding[] {
  const { findings } = parseObject(manifest.value);
  return findings.map((finding) => ({
    ...locate(manifest, finding),
    kind: "",
    name: "",
    code: NO_OBJECT,
  }));
}

/** A finding with the file, line and name of the object that it is about. */
export function locate(manifest: Manifest, finding: FindingWords): LocatedFinding {
  const { severity, code, path, message } = finding;
  const { kind, name } = titleOf(manifest.value);
  const line = manifest.lineOf(path);
  return { file: manifest.file, line, kind, name, severity, code, path, message };
}

/** Kind and `namespace/name`, also of what is no proper object. */
export function titleOf(value: unknown): { kind: string; name: string } {
  const { kind, metadata } = isRecord(value) ? value : {};
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  const text = (field: unknown, otherwise: string): string =>
    typeof field === "string" && field !== "" ? field : otherwise;
  const prefix = text(namespace, "") === "" ? "" : `${text(namespace, "")}/`;
  return { kind: text(kind, "object"), name: prefix + text(name, "(no name)") };
}

/** Or meant to be one: our group has no other kind. */
function isPolicyTest(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return typeof value["apiVersion"] === "string" && value["apiVersion"].startsWith(TEST_GROUP);
}

/** As `kubectl apply --namespace` does. */
function withNamespace(value: unknown, namespace: string): unknown {
  if (!isRecord(value) || !isRecord(value["metadata"])) return value;
  const { kind, metadata } = value;
  if (typeof kind !== "string" || !NAMESPACED.has(kind)) return value;
  const given = metadata["namespace"];
  if (given !== undefined && given !== null && given !== "") return value;
  return { ...value, metadata: { ...metadata, namespace } };
}

/** The later one of two objects of one name wins, as if applied in that order. */
function repeated(objects: readonly Loaded[]): LocatedFinding[] {
  const first = new Map<string, Manifest>();
  const findings: LocatedFinding[] = [];
  for (const { manifest } of objects) {
    const { kind, name } = titleOf(manifest.value);
    const key = `${kind} ${name}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, manifest);
      continue;
    }
    const where = `${before.file}:${before.lineOf("")}`;
    const message = `the same name as the one at ${where}, which this one takes the place of`;
    const words = { severity: "warning", code: "repeated-object", path: "", message } as const;
    findings.push(locate(manifest, words));
  }
  return findings;
}
