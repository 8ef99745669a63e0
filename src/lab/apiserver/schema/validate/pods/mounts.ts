/** Where containers see volumes. */
import type { JsonObject } from "../../types.ts";
import type { View } from "../view.ts";
import { validateDescending } from "./paths.ts";

const PROPAGATIONS = ["Bidirectional", "HostToContainer", "None"];
const RECURSIVE = ["Disabled", "Enabled", "IfPossible"];

/** The pod's volumes that are as they must be, by name. */
export type Volumes = ReadonlyMap<string, JsonObject>;

export function validateMounts(container: View, volumes: Volumes): void {
  const [mounts, devices] = [container.at("volumeMounts"), container.at("volumeDevices")];
  const taken = namesAndPaths(devices, "devicePath");
  const paths = new Set<string>();
  for (const mount of mounts.items()) {
    const [name, path] = [mount.at("name"), mount.at("mountPath")];
    if (name.text === "") name.required();
    if (!volumes.has(name.text)) name.notFound();
    if (path.text === "") path.required();
    if (paths.has(path.text)) path.invalid("must be unique", path.text);
    paths.add(path.text);
    if (taken.names.has(name.text)) name.invalid("must not already exist in volumeDevices");
    if (taken.paths.has(path.text)) {
      path.invalid("must not already exist as a path in volumeDevices");
    }
    validateSubPath(mounts, mount);
    validateHow(mounts, mount, container.at("securityContext", "privileged").value === true);
  }
  validateDevices(devices, volumes, namesAndPaths(mounts, "mountPath"));
}

interface Taken {
  readonly names: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

function namesAndPaths(list: View, key: string): Taken {
  const of = (field: string): Set<string> =>
    new Set(list.items().map((each) => each.at(field).text));
  return { names: of("name"), paths: of(key) };
}

/** Paths are told of at the list, and not at its item. */
function validateSubPath(mounts: View, mount: View): void {
  const [path, expression] = [mount.at("subPath"), mount.at("subPathExpr")];
  if (path.text !== "") validateDescending(path, mounts.at("subPath"));
  if (expression.text === "") return;
  if (path.text !== "") expression.invalid("subPathExpr and subPath are mutually exclusive");
  validateDescending(expression, mounts.at("subPathExpr"));
}

function validateHow(mounts: View, mount: View, isPrivileged: boolean): void {
  const propagation = mount.at("mountPropagation");
  if (propagation.isThere) {
    const at = mounts.at("mountPropagation");
    if (!PROPAGATIONS.includes(propagation.text)) at.unsupported(PROPAGATIONS, propagation.text);
    if (propagation.text === "Bidirectional" && !isPrivileged) {
      at.forbidden("Bidirectional mount propagation is available only to privileged containers");
    }
  }
  const recursive = mount.at("recursiveReadOnly");
  if (!recursive.isThere || recursive.text === "Disabled") return;
  const at = mounts.at("recursiveReadOnly");
  if (!RECURSIVE.includes(recursive.text)) return at.unsupported(RECURSIVE, recursive.text);
  if (mount.at("readOnly").value !== true) {
    at.forbidden("may only be specified when readOnly is true");
  }
  if (propagation.isThere && propagation.text !== "None") {
    at.forbidden("may only be specified when mountPropagation is None or not specified");
  }
}

function validateDevices(devices: View, volumes: Volumes, taken: Taken): void {
  const [names, paths] = [new Set<string>(), new Set<string>()];
  for (const device of devices.items()) {
    const [name, path] = [device.at("name"), device.at("devicePath")];
    const volume = volumes.get(name.text);
    if (name.text === "") name.required();
    if (names.has(name.text)) name.invalid("must be unique");
    if (volume === undefined) name.notFound();
    else if (!("persistentVolumeClaim" in volume) && !("ephemeral" in volume)) {
      name.invalid(
        "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
      );
    }
    if (path.text === "") path.required();
    if (paths.has(path.text)) path.invalid("must be unique");
    if (path.text.split("/").includes("..")) path.invalid("can not contain backsteps ('..')");
    else paths.add(path.text);
    if (taken.names.has(name.text)) name.invalid("must not already exist in volumeMounts");
    if (taken.paths.has(path.text)) {
      path.invalid("must not already exist as a path in volumeMounts");
    }
    if (name.text !== "") names.add(name.text);
  }
}
