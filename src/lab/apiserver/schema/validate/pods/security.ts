/** Whom a pod runs as, and what it may do. */
import { isObject } from "../../node.ts";
import type { Json, JsonObject } from "../../types.ts";
import type { View } from "../view.ts";
import { between } from "../words.ts";
import { validateDescending } from "./paths.ts";

const ID_MAX = 2 ** 31 - 1;
const PROFILES = ["Localhost", "RuntimeDefault", "Unconfined"];
const SYSCTL = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL_MAX = 253;
const PROFILE_PATH_MAX = 4_095;
const sysctlPattern = new RegExp(SYSCTL);

function validateId(id: View): void {
  if (id.isThere) id.invalids(between(id.number, 0, ID_MAX));
}

function oneOf(view: View, words: readonly string[]): void {
  if (view.isThere && !words.includes(view.text)) view.unsupported(words);
}

export function validatePodSecurity(spec: View): void {
  const context = spec.at("securityContext");
  for (const key of ["fsGroup", "runAsUser", "runAsGroup"]) validateId(context.at(key));
  for (const group of context.at("supplementalGroups").items()) validateId(group);
  if (spec.at("shareProcessNamespace").value === true && spec.at("hostPID").value === true) {
    // Inside the API server this field is one of the security context's.
    context
      .at("shareProcessNamespace")
      .invalid("ShareProcessNamespace and HostPID cannot both be enabled", true);
  }
  validateSysctls(context.at("sysctls"));
  oneOf(context.at("fsGroupChangePolicy"), ["Always", "OnRootMismatch"]);
  validateSeccomp(context.at("seccompProfile"));
  validateWindows(context.at("windowsOptions"));
  validateAppArmor(context.at("appArmorProfile"));
  oneOf(context.at("supplementalGroupsPolicy"), ["Merge", "Strict"]);
  oneOf(context.at("seLinuxChangePolicy"), ["MountOption", "Recursive"]);
}

function validateSysctls(sysctls: View): void {
  const names = new Set<string>();
  for (const each of sysctls.items()) {
    const name = each.at("name");
    if (name.text === "") name.required();
    else if (name.text.length > SYSCTL_MAX || !sysctlPattern.test(name.text)) {
      name.invalid(`must have at most ${SYSCTL_MAX} characters and match regex ${SYSCTL}`);
    } else if (names.has(name.text)) name.duplicate();
    names.add(name.text);
  }
}

function validateSeccomp(profile: View): void {
  if (!profile.isThere) return;
  const [type, path] = [profile.at("type"), profile.at("localhostProfile")];
  if (type.text === "") type.required("type is required when seccompProfile is set");
  else if (!PROFILES.includes(type.text)) type.unsupported(PROFILES);
  if (type.text !== "Localhost") {
    if (!path.isThere) return;
    const shown = { Type: type.text, LocalhostProfile: path.text };
    return path.invalid("can only be set when seccomp type is Localhost", shown);
  }
  if (path.isThere) validateDescending(path);
  else path.required("must be set when seccomp type is Localhost");
}

function validateAppArmor(profile: View): void {
  if (!profile.isThere) return;
  const [type, path] = [profile.at("type"), profile.at("localhostProfile")];
  if (type.text === "") return type.required("type is required when appArmorProfile is set");
  if (!PROFILES.includes(type.text)) return type.unsupported(PROFILES);
  if (type.text !== "Localhost") {
    if (path.isThere) path.invalid("can only be set when AppArmor type is Localhost");
    return;
  }
  if (path.text.trim() !== path.text) path.invalid("must not be padded with whitespace");
  else if (path.text === "") path.required("must be set when AppArmor type is Localhost");
  if (path.text.length > PROFILE_PATH_MAX) path.tooLong(PROFILE_PATH_MAX);
}

function validateWindows(options: View): void {
  for (const key of ["gmsaCredentialSpec", "runAsUserName"]) {
    const name = options.at(key);
    if (name.isThere && name.text === "") name.invalid(`${key} cannot be an empty string`);
  }
}

export function validateContainerSecurity(context: View, hasHostUsers: boolean): void {
  if (!context.isThere) return;
  for (const key of ["runAsUser", "runAsGroup"]) validateId(context.at(key));
  const mount = context.at("procMount");
  oneOf(mount, ["Default", "Unmasked"]);
  if (hasHostUsers && mount.text === "Unmasked") {
    mount.invalid("`hostUsers` must be false to use `Unmasked`");
  }
  validateSeccomp(context.at("seccompProfile"));
  validateEscalation(context);
  validateWindows(context.at("windowsOptions"));
  validateAppArmor(context.at("appArmorProfile"));
}

function validateEscalation(context: View): void {
  if (context.at("allowPrivilegeEscalation").value !== false) return;
  const words = "cannot set `allowPrivilegeEscalation` to false and";
  if (context.at("privileged").value === true) {
    context.invalid(`${words} \`privileged\` to true`, internal(context.value));
  }
  for (const each of context.at("capabilities", "add").items()) {
    if (each.text !== "CAP_SYS_ADMIN") continue;
    context.invalid(`${words} \`capabilities.Add\` CAP_SYS_ADMIN`, internal(context.value));
  }
}

/** The API server shows whole contexts as its own program keeps them. */
const INTERNAL_FIELDS = [
  "Capabilities",
  "Privileged",
  "SELinuxOptions",
  "WindowsOptions",
  "RunAsUser",
  "RunAsGroup",
  "RunAsNonRoot",
  "ReadOnlyRootFilesystem",
  "AllowPrivilegeEscalation",
  "ProcMount",
  "SeccompProfile",
  "AppArmorProfile",
];

function internal(value: Json | undefined): JsonObject {
  const context = isObject(value) ? value : {};
  const published = (field: string): string =>
    field === "SELinuxOptions" ? "seLinuxOptions" : field.charAt(0).toLowerCase() + field.slice(1);
  const shown: JsonObject = {};
  for (const field of INTERNAL_FIELDS) shown[field] = context[published(field)] ?? null;
  const { capabilities } = context;
  if (isObject(capabilities)) {
    shown["Capabilities"] = {
      Add: capabilities["add"] ?? null,
      Drop: capabilities["drop"] ?? null,
    };
  }
  return shown;
}
