import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, normalize, posix } from "node:path";
import { AppError } from "#base";
import { fieldValue, resourceValue } from "../core/fields.ts";
import type { NodeFacts } from "../core/environment.ts";
import type { DownwardFile, KeyToPath, Pod, Volume } from "../core/pod.ts";
import { checkHostPath } from "./host-path.ts";
import { MountError } from "./mount-error.ts";

/** The bytes of a ConfigMap or Secret by key; undefined where it is not there. */
type BytesOf = (
  kind: "configmap" | "secret",
  name: string,
) => Promise<ReadonlyMap<string, Buffer> | undefined>;

/** A token of the pod's service account for an audience. */
type TokenOf = (audience: string | undefined, expirationSeconds: number) => Promise<string>;

interface VolumeFacts {
  readonly pod: Pod;
  readonly node: NodeFacts;
  readonly bytesOf: BytesOf;
  readonly tokenOf: TokenOf;
}

interface VolumeFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

const DEFAULT_MODE = 0o644;
const GROUP_READ = 0o040;
const DEFAULT_TOKEN_SECONDS = 3600;
const SYMLINK_DATA = "..data";

/** Makes a volume, or brings it up to date; answers its folder, or file, on this machine. */
export async function setUpVolume(
  volume: Volume,
  folder: string,
  facts: VolumeFacts,
): Promise<string> {
  const { name, emptyDir, hostPath } = volume;
  const { fsGroup } = facts.pod.spec.securityContext ?? {};
  if (hostPath !== undefined) return checkHostPath(name, hostPath.path, hostPath.type ?? "");
  if (emptyDir !== undefined) {
    if (existsSync(folder)) return folder;
    makeEmptyDir(folder, emptyDir.medium === "Memory", emptyDir.sizeLimit);
    if (fsGroup !== undefined) {
      chownSync(folder, 0, fsGroup);
      chmodSync(folder, 0o2777);
    }
    return folder;
  }
  const files = await filesOf(volume, facts);
  if (files === undefined)
    throw new MountError(
      name,
      `volumes of type ${typeOf(volume)} are not supported by the lab's kubelet`,
    );
  mkdirSync(folder, { recursive: true });
  publish(folder, files, fsGroup);
  return folder;
}

/** The one field that says what it is, whether the kubelet knows it or not. */
function typeOf(volume: Volume): string {
  return Object.keys(volume).find((field) => field !== "name") ?? "none";
}

/** Whether it shows what the API server has: nobody writes to it. */
export function showsObjects({ configMap, secret, projected, downwardAPI }: Volume): boolean {
  return (configMap ?? secret ?? projected ?? downwardAPI) !== undefined;
}

/** Undoes what a mount was made for. */
export function tearDownVolume(folder: string): void {
  try {
    execFileSync("umount", ["--lazy", folder], { stdio: "ignore" });
  } catch {
    // Most are no mounts.
  }
}

/** Makes a mount of a folder, where it is none, whose copies in containers show the same. */
export function shareMount(folder: string): void {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const fields = lines.findLast((line) => line.split(" ")[4] === folder)?.split(" - ")[0];
  if (fields?.includes(" shared:") === true) return;
  const mount = (...words: string[]): unknown => execFileSync("mount", words, { stdio: "ignore" });
  if (fields === undefined) mount("--rbind", folder, folder);
  // Of its own, and not the one of the mount that the folder is in.
  mount("--make-rprivate", folder);
  mount("--make-rshared", folder);
}

function makeEmptyDir(folder: string, isMemory: boolean, sizeLimit: string | undefined): void {
  mkdirSync(folder, { recursive: true });
  if (isMemory) {
    const size = sizeLimit === undefined ? "50%" : String(Math.ceil(parseSize(sizeLimit)));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=1777`, "tmpfs", folder]);
  } else chmodSync(folder, 0o777);
}

function parseSize(text: string): number {
  const number = Number.parseFloat(text);
  const power = ["", "Ki", "Mi", "Gi", "Ti"].indexOf(text.replace(/^[\d.]+/, ""));
  return number * 1024 ** Math.max(0, power);
}

async function filesOf(volume: Volume, facts: VolumeFacts): Promise<VolumeFile[] | undefined> {
  const { name, configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return dataFiles(name, "configmap", configMap.name, configMap, configMap.defaultMode, facts);
  }
  if (secret !== undefined) {
    return dataFiles(name, "secret", secret.secretName, secret, secret.defaultMode, facts);
  }
  if (downwardAPI !== undefined)
    return downwardFiles(downwardAPI.items, downwardAPI.defaultMode, facts);
  if (projected === undefined) return undefined;
  const { defaultMode, sources = [] } = projected;
  const files: VolumeFile[] = [];
  for (const source of sources) {
    if (source.configMap !== undefined) {
      const { configMap: map } = source;
      files.push(...(await dataFiles(name, "configmap", map.name, map, defaultMode, facts)));
    } else if (source.secret !== undefined) {
      const { secret: map } = source;
      files.push(...(await dataFiles(name, "secret", map.name, map, defaultMode, facts)));
    } else if (source.downwardAPI !== undefined) {
      files.push(...downwardFiles(source.downwardAPI.items, defaultMode, facts));
    } else if (source.serviceAccountToken !== undefined) {
      const {
        audience,
        expirationSeconds = DEFAULT_TOKEN_SECONDS,
        path,
      } = source.serviceAccountToken;
      const token = await facts.tokenOf(audience, expirationSeconds);
      files.push({ path, bytes: Buffer.from(token), mode: defaultMode ?? DEFAULT_MODE });
    } else {
      const [kind = "nothing"] = Object.keys(source);
      throw new MountError(name, `the lab's kubelet cannot project ${kind}`);
    }
  }
  return files;
}

async function dataFiles(
  volume: string,
  kind: "configmap" | "secret",
  name: string,
  { items, optional }: { items?: readonly KeyToPath[]; optional?: boolean },
  defaultMode: number = DEFAULT_MODE,
  facts: VolumeFacts,
): Promise<VolumeFile[]> {
  const data = await facts.bytesOf(kind, name);
  if (data === undefined) {
    if (optional === true) return [];
    throw new MountError(volume, `${kind} "${name}" not found`);
  }
  if (items === undefined) {
    return [...data].map(([path, bytes]) => ({ path, bytes, mode: defaultMode }));
  }
  return items.flatMap(({ key, path, mode }) => {
    const bytes = data.get(key);
    if (bytes !== undefined) return [{ path, bytes, mode: mode ?? defaultMode }];
    if (optional === true) return [];
    const what = kind === "secret" ? "references" : "configmap references";
    const thing = kind === "secret" ? "secret" : "config";
    throw new MountError(volume, `${what} non-existent ${thing} key: ${key}`);
  });
}

function downwardFiles(
  items: readonly DownwardFile[] = [],
  defaultMode: number = DEFAULT_MODE,
  { pod, node }: VolumeFacts,
): VolumeFile[] {
  return items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
    const text =
      fieldRef === undefined
        ? resourceValue(resourceFieldRef ?? { resource: "" }, pod, undefined, node.capacity)
        : fieldValue(fieldRef.fieldPath, pod, node);
    return { path, bytes: Buffer.from(text), mode };
  });
}

/**
 * Shows a set of files at once: they stand in a folder of their own, and one link is turned from
 * the old folder to the new. What did not change is left alone.
 */
function publish(folder: string, files: readonly VolumeFile[], group: number | undefined): void {
  const current = join(folder, SYMLINK_DATA);
  if (isPublished(current, files)) return;
  const old = existsSync(current) ? readlinkSync(current) : undefined;
  const fresh = join(folder, freshName());
  mkdirSync(fresh, { mode: 0o755 });
  for (const { path, bytes, mode } of files) {
    const target = join(fresh, inside(path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, bytes);
    if (group !== undefined) chownSync(target, 0, group);
    chmodSync(target, group === undefined ? mode : mode | GROUP_READ);
  }
  symlinkSync(posix.basename(fresh), join(folder, "..data_new"));
  renameSync(join(folder, "..data_new"), current);
  linkNames(folder, files);
  if (old !== undefined) rmSync(join(folder, old), { recursive: true, force: true });
}

/** By the moment, and digits that nobody else has. */
function freshName(): string {
  const moment = new Date().toISOString().slice(0, 19).replaceAll(/[-T:]/g, "_");
  return `..${moment}.${randomInt(10 ** 9)}`;
}

function isPublished(current: string, files: readonly VolumeFile[]): boolean {
  if (!existsSync(current)) return false;
  const isSame = ({ path, bytes }: VolumeFile): boolean => {
    const target = join(current, inside(path));
    return existsSync(target) && readFileSync(target).equals(bytes);
  };
  const tops = new Set(files.map(({ path }) => topOf(path)));
  return files.every(isSame) && readdirSync(current).every((name) => tops.has(name));
}

/** The names that people read are links through the one that turns. */
function linkNames(folder: string, files: readonly VolumeFile[]): void {
  const tops = new Set(files.map(({ path }) => topOf(path)));
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("..") && !tops.has(name)) rmSync(join(folder, name), { force: true });
  }
  for (const name of tops) {
    const link = join(folder, name);
    rmSync(link, { force: true, recursive: true });
    symlinkSync(`${SYMLINK_DATA}/${name}`, link);
  }
}

function topOf(path: string): string {
  return inside(path).split("/", 1)[0] ?? "";
}

/** No path leads out of the volume: the API server refuses such, and we do not rely on it. */
function inside(path: string): string {
  const clean = normalize(path);
  if (clean.startsWith("/") || clean.split("/").includes("..")) {
    throw new AppError("mount", `${JSON.stringify(path)} leads out of its volume`);
  }
  return clean;
}
