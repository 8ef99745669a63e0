/** A pod's volumes, each from one source. */
import { compareQuantities } from "#kube/types";
import { isObject } from "../../node.ts";
import type { JsonObject } from "../../types.ts";
import type { View } from "../view.ts";
import { dnsLabel } from "../words.ts";
import { validateDownwardFile } from "./fields.ts";
import type { Volumes } from "./mounts.ts";
import { validateKeyToPath, validateMode, validateNoBacksteps } from "./paths.ts";
import { validateProjected } from "./projected.ts";

const HOST_PATH_TYPES = [
  "",
  "BlockDevice",
  "CharDevice",
  "Directory",
  "DirectoryOrCreate",
  "File",
  "FileOrCreate",
  "Socket",
];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

const required = (key: string) => (source: View) => {
  if (source.at(key).text === "") source.at(key).required();
};

function validateEmptyDir(source: View): void {
  const limit = source.at("sizeLimit");
  if (limit.isThere && compareQuantities(limit.text, "0") < 0) {
    limit.forbidden("SizeLimit field must be a valid resource quantity");
  }
}

function validateHostPath(source: View): void {
  const [path, type] = [source.at("path"), source.at("type")];
  if (path.text === "") return path.required();
  validateNoBacksteps(path);
  if (type.isThere && !HOST_PATH_TYPES.includes(type.text)) type.unsupported(HOST_PATH_TYPES);
}

const keys = (name: string) => (source: View) => {
  if (source.at(name).text === "") source.at(name).required();
  validateMode(source.at("defaultMode"));
  for (const item of source.at("items").items()) validateKeyToPath(item);
};

function validateNfs(source: View): void {
  const [server, path] = [source.at("server"), source.at("path")];
  if (server.text === "") server.required();
  if (path.text === "") path.required();
  if (!path.text.startsWith("/")) path.invalid("must be an absolute path", path.text);
}

function validateDownward(source: View): void {
  validateMode(source.at("defaultMode"));
  for (const file of source.at("items").items()) validateDownwardFile(source, file);
}

function validateImage(source: View): void {
  required("reference")(source);
  source.at("pullPolicy").oneOf(PULL_POLICIES);
}

/** In the API server's order: of two sources the later is one too many. */
const SOURCES: readonly (readonly [string, (source: View) => void])[] = [
  ["emptyDir", validateEmptyDir],
  ["hostPath", validateHostPath],
  ["gitRepo", required("repository")],
  ["gcePersistentDisk", required("pdName")],
  ["awsElasticBlockStore", required("volumeID")],
  ["secret", keys("secretName")],
  ["nfs", validateNfs],
  ["iscsi", required("targetPortal")],
  ["glusterfs", required("endpoints")],
  ["flocker", () => undefined],
  ["persistentVolumeClaim", required("claimName")],
  ["rbd", required("image")],
  ["cinder", required("volumeID")],
  ["cephfs", () => undefined],
  ["quobyte", required("volume")],
  ["downwardAPI", validateDownward],
  ["fc", () => undefined],
  ["flexVolume", required("driver")],
  ["configMap", keys("name")],
  ["azureFile", required("secretName")],
  ["vsphereVolume", required("volumePath")],
  ["photonPersistentDisk", required("pdID")],
  ["portworxVolume", required("volumeID")],
  ["azureDisk", required("diskName")],
  ["storageos", () => undefined],
  ["projected", validateProjected],
  ["scaleIO", () => undefined],
  ["csi", required("driver")],
  ["ephemeral", () => undefined],
  ["image", validateImage],
];

/** Of a pod or of the cluster. */
export function validateVolumeSource(volume: View): void {
  let found = 0;
  for (const [key, validate] of SOURCES) {
    const source = volume.at(key);
    if (!source.isThere) continue;
    found += 1;
    if (found > 1) source.forbidden("may not specify more than 1 volume type");
    else validate(source);
  }
  if (found === 0) volume.required("must specify a volume type");
}

/** Only those that are as they must be can be mounted. */
export function validateVolumes(volumes: View): Volumes {
  const good = new Map<string, JsonObject>();
  for (const volume of volumes.items()) {
    const name = volume.at("name");
    const before = volume.causes.length;
    validateVolumeSource(volume);
    if (name.text === "") name.required();
    else name.invalids(dnsLabel(name.text));
    if (good.has(name.text)) name.duplicate();
    if (volume.causes.length === before && isObject(volume.value)) {
      good.set(name.text, volume.value);
    }
  }
  return good;
}
