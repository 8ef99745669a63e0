import { AppError, ConfigError, DecodeError, quote } from "#base";
import { decodeSettings, decodeValues } from "./decode-settings.ts";
import { makeFolder, readIfThere, writeFileWhole } from "./files.ts";
import type { Places } from "./places.ts";
import {
  type LabSettings,
  type LabValues,
  MAX_NODES,
  NO_TROUBLE,
  type NodeSettings,
  SETTINGS_FORMAT,
} from "./settings-types.ts";

const NODE_NAME = /^node([1-9]\d*)$/;
const HOST_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)+$/;
const MAX_HOST_CHARACTERS = 253;

export const DEFAULT_VALUES: LabValues = {
  kubeProxy: true,
  internet: true,
  dnsReplicas: 2,
  logLevel: "info",
};

export function newNode(index: number): NodeSettings {
  return { name: `node${index}`, index, isStopped: false, trouble: NO_TROUBLE };
}

/** Undefined where the lab is not there. */
export function readSettings(places: Places): LabSettings | undefined {
  const text = readIfThere(places.settingsFile);
  if (text === undefined) return undefined;
  try {
    return decodeSettings(text);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new AppError(
      "damaged",
      `${places.settingsFile} is damaged (${error.message}): "cilium lab down --name ${places.name}" removes this lab.`,
      { cause: error },
    );
  }
}

/** As `readSettings`; a lab that is not there is an error. */
export function needSettings(places: Places): LabSettings {
  const settings = readSettings(places);
  if (settings !== undefined) return settings;
  const call = places.name === "lab" ? "cilium lab up" : `cilium lab up --name ${places.name}`;
  throw new AppError("no-lab", `There is no lab ${places.name}: "${call}" makes it.`);
}

export function writeSettings(places: Places, settings: LabSettings): void {
  makeFolder(places.stateFolder);
  const text = JSON.stringify({ format: SETTINGS_FORMAT, ...settings }, null, 2);
  writeFileWhole(places.settingsFile, `${text}\n`, { mode: 0o644 });
}

/** The values with `key=value` of a command line put in. */
export function setValue(values: LabValues, assignment: string): LabValues {
  const [key = "", ...rest] = assignment.split("=");
  const text = rest.join("=");
  if (!Object.hasOwn(values, key) || rest.length === 0) {
    const known = Object.keys(DEFAULT_VALUES).join(", ");
    throw new ConfigError("--set", `${quote(assignment)} is not key=value with one of ${known}`);
  }
  const value =
    text === "true" ? true : text === "false" ? false : /^\d+$/.test(text) ? Number(text) : text;
  try {
    return decodeValues({ ...values, [key]: value });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ConfigError("--set", `${key} cannot be ${quote(text)}`, { cause: error });
  }
}

/** The node of this name in the lab. */
export function needNode(settings: LabSettings, name: string): NodeSettings {
  const node = settings.nodes.find((each) => each.name === name);
  if (node !== undefined) return node;
  const known = settings.nodes.map((each) => each.name).join(", ") || "no nodes";
  throw new AppError(
    "no-node",
    `Lab ${settings.name} has no node ${quote(name)}: it has ${known}.`,
  );
}

export function parseNodeName(name: string): number {
  const index = Number(NODE_NAME.exec(name)?.[1] ?? 0);
  if (index >= 1 && index <= MAX_NODES) return index;
  throw new AppError("name", `${quote(name)} names no node: they are node1 to node${MAX_NODES}.`);
}

/** A host name for the little internet. */
export function checkHost(name: string): string {
  const lower = name.toLowerCase();
  if (lower.length <= MAX_HOST_CHARACTERS && HOST_NAME.test(lower)) return lower;
  throw new AppError("name", `${quote(name)} is no host name, such as www.example.com.`);
}
