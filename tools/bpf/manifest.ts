import { DecodeError } from "#base";
import { type Group, groups, manifestPath, objectNameOf, sourcesOf } from "./groups.ts";

/** What objects were made of: enough to see without a compiler that they are not of today. */
export interface Manifest {
  /** As the compiler names itself. */
  compiler: string;
  flags: readonly string[];
  /** By name. */
  objects: Readonly<Record<string, ManifestEntry>>;
}

export interface ManifestEntry {
  sha256: string;
  /** The program and each header of the project in it, by path. */
  sources: Readonly<Record<string, string>>;
}

/** The project's files, on disk or in a test. */
export interface FileTree {
  paths: readonly string[];
  /** Undefined for a file that is not there. */
  text: (path: string) => string | undefined;
  /** In hexadecimal; undefined for a file that is not there. */
  sha256: (path: string) => string | undefined;
}

interface StaleObject {
  /** The file to point at. */
  path: string;
  message: string;
}

const REMEDY = 'run "npm run bpf" and commit what it changes';

/** What objects are not made of today's sources. Needs no compiler. */
export function staleObjects(tree: FileTree): StaleObject[] {
  return groups.flatMap((group) => staleIn(group, tree));
}

function staleIn(group: Group, tree: FileTree): StaleObject[] {
  const path = manifestPath(group);
  const sources = sourcesOf(group, tree.paths);
  const text = tree.text(path);
  if (text === undefined) {
    if (sources.length === 0) return [];
    return [{ path: sources[0] ?? path, message: `${path} is missing: ${REMEDY}` }];
  }
  const manifest = readManifest(text, path);
  if (typeof manifest === "string") return [{ path, message: `${manifest}: ${REMEDY}` }];
  const stale: StaleObject[] = [];
  const wanted = new Map(sources.map((source) => [objectNameOf(source), source]));
  for (const [name, source] of wanted) {
    if (Object.hasOwn(manifest.objects, name)) continue;
    stale.push({ path: source, message: `it has no object: ${REMEDY}` });
  }
  for (const [name, entry] of Object.entries(manifest.objects)) {
    const source = wanted.get(name);
    if (source === undefined) {
      stale.push({ path, message: `${name} has no source any more: ${REMEDY}` });
      continue;
    }
    const problem = problemOf(`${group.objects}/${name}`, entry, tree);
    if (problem !== undefined) stale.push({ path: source, message: `${problem}: ${REMEDY}` });
  }
  return stale;
}

function problemOf(object: string, entry: ManifestEntry, tree: FileTree): string | undefined {
  const actual = tree.sha256(object);
  if (actual === undefined) return `${object} is missing`;
  if (actual !== entry.sha256) return `${object} is not what its manifest says`;
  for (const [source, hash] of Object.entries(entry.sources)) {
    const current = tree.sha256(source);
    if (current === undefined) return `${object} is made with ${source}, which is gone`;
    if (current !== hash) return `${source} has changed since ${object} was made`;
  }
  return undefined;
}

/** Answers a sentence where it is none. */
export function readManifest(text: string, path: string): Manifest | string {
  try {
    return checkManifest(JSON.parse(text));
  } catch (error) {
    return `${path} is no manifest (${error instanceof Error ? error.message : String(error)})`;
  }
}

function checkManifest(value: unknown): Manifest {
  const manifest = value as Manifest | null;
  const isSound =
    typeof manifest?.compiler === "string" &&
    Array.isArray(manifest.flags) &&
    typeof manifest.objects === "object" &&
    Object.values(manifest.objects).every(
      (entry) => typeof entry.sha256 === "string" && typeof entry.sources === "object",
    );
  if (!isSound) throw new DecodeError("compiler, flags and objects are wanted", 0);
  return manifest;
}

export function formatManifest(manifest: Manifest): string {
  const objects = Object.entries(manifest.objects).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sorted = { ...manifest, objects: Object.fromEntries(objects) };
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
