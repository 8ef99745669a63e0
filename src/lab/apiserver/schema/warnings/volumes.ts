/** Volumes that do nothing any more, and files in one that lie upon each other. */
import type { View } from "../validate/view.ts";
import { claimWarnings } from "./amounts.ts";

/** Kinds of volumes that were, in the order in which they are told of. */
const FORMER: readonly (readonly [string, string])[] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["flocker", "deprecated in v1.22, non-functional in v1.25+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["quobyte", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["ephemeral", ""],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

export function formerVolumeWarnings(volume: View): string[] {
  return FORMER.flatMap(([kind, why]) => {
    const source = volume.at(kind);
    if (!source.isThere) return [];
    if (why === "") return claimWarnings(source.at("volumeClaimTemplate", "spec"));
    // One of them has another name in messages.
    return [`${kind === "storageos" ? volume.at("storageOS").path : source.path}: ${why}`];
  });
}

/** A file of a volume, and what it comes from where there are several. */
interface File {
  readonly path: string;
  readonly source: string;
}

const filesOf = (source: View, name = ""): File[] =>
  source
    .at("items")
    .items()
    .map((item) => ({ path: withoutEnd(item.at("path").text), source: name }));

const withoutEnd = (path: string): string => path.replace(/\/+$/, "");
const quoted = JSON.stringify;
const shown = ({ path, source }: File): string =>
  source === "" ? quoted(path) : `${quoted(path)} (${source})`;

/** One is the other, or is in it. */
function isOverlap(one: File, other: File): boolean {
  if (one.path === "" || other.path === "") return false;
  const [first, second] = [`${one.path}/`, `${other.path}/`];
  return first.startsWith(second) || second.startsWith(first);
}

function overlaps(files: readonly File[]): string[] {
  return files.flatMap((file, index) =>
    files
      .slice(0, index)
      .filter((other) => isOverlap(other, file))
      .map((other) => `${shown(file)} with ${shown(other)}`),
  );
}

export function overlapWarnings(volume: View): string[] {
  const [map, secret] = [volume.at("configMap"), volume.at("secret")];
  const tell = (what: string, files: readonly File[]): string[] =>
    overlaps(files).map((each) => {
      return `volume ${quoted(volume.at("name").text)} (${what}): overlapping paths: ${each}`;
    });
  return [
    ...tell(`ConfigMap ${quoted(map.at("name").text)}`, filesOf(map)),
    ...tell(`Secret ${quoted(secret.at("secretName").text)}`, filesOf(secret)),
    ...tell("DownwardAPI", filesOf(volume.at("downwardAPI"))),
    ...tell("Projected", volume.at("projected", "sources").items().flatMap(projectedFiles)),
  ];
}

function projectedFiles(source: View): File[] {
  const [map, secret] = [source.at("configMap"), source.at("secret")];
  const token = source.at("serviceAccountToken");
  if (map.isThere) return filesOf(map, `ConfigMap ${quoted(map.at("name").text)}`);
  if (secret.isThere) return filesOf(secret, `Secret ${quoted(secret.at("name").text)}`);
  if (source.at("downwardAPI").isThere) return filesOf(source.at("downwardAPI"), "DownwardAPI");
  if (!token.isThere) return [];
  return [{ path: withoutEnd(token.at("path").text), source: "ServiceAccountToken" }];
}
