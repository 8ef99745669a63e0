/** The reader of `cluster.json`: it may be damaged, or of another version. */
import { DecodeError } from "#base";
import {
  CNIS,
  type LabSettings,
  type LabValues,
  LOG_LEVELS,
  MAX_DELAY_MS,
  MAX_DNS_REPLICAS,
  MAX_HOSTS,
  MAX_INDEX,
  MAX_NODES,
  type NodeSettings,
  SETTINGS_FORMAT,
} from "./settings-types.ts";

/** Anything but what `writeSettings` writes is a DecodeError. */
export function decodeSettings(text: string): LabSettings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DecodeError("it is no JSON", 0, { cause });
  }
  const root = record(value, "it");
  if (root["format"] !== SETTINGS_FORMAT)
    throw wrong("format", `not ${SETTINGS_FORMAT}: another version wrote it`);
  const index = whole(root["index"], "index", 1, MAX_INDEX);
  const nodes = list(root["nodes"], "nodes", MAX_NODES).map(decodeNode);
  if (new Set(nodes.map((node) => node.index)).size < nodes.length) throw wrong("nodes", "double");
  const kubeconfig = root["kubeconfig"];
  return {
    name: text_(root["name"], "name"),
    index,
    isIpv6: flag(root["isIpv6"], "isIpv6"),
    cni: oneOf(CNIS, root["cni"], "cni"),
    values: decodeValues(record(root["values"], "values")),
    nodes,
    internetHosts: list(root["internetHosts"], "internetHosts", MAX_HOSTS).map((host) =>
      text_(host, "internetHosts"),
    ),
    ...(kubeconfig === undefined
      ? {}
      : { kubeconfig: decodeKubeconfig(record(kubeconfig, "kubeconfig")) }),
  };
}

function decodeKubeconfig(value: Record<string, unknown>): NonNullable<LabSettings["kubeconfig"]> {
  const path = text_(value["path"], "kubeconfig.path");
  const previous = value["previousContext"];
  if (previous === undefined) return { path };
  return { path, previousContext: text_(previous, "kubeconfig.previousContext") };
}

function decodeNode(value: unknown): NodeSettings {
  const node = record(value, "nodes");
  const index = whole(node["index"], "nodes.index", 1, MAX_NODES);
  const trouble = record(node["trouble"], "nodes.trouble");
  if (node["name"] !== `node${index}`) throw wrong("nodes.name", `not node${index}`);
  return {
    name: `node${index}`,
    index,
    isStopped: flag(node["isStopped"], "nodes.isStopped"),
    trouble: {
      delayMs: whole(trouble["delayMs"], "delayMs", 0, MAX_DELAY_MS),
      jitterMs: whole(trouble["jitterMs"], "jitterMs", 0, MAX_DELAY_MS),
      lossPercent: whole(trouble["lossPercent"], "lossPercent", 0, 100),
      isPartitioned: flag(trouble["isPartitioned"], "isPartitioned"),
    },
  };
}

/** What `--set` sets. */
export function decodeValues(values: Record<string, unknown>): LabValues {
  return {
    kubeProxy: flag(values["kubeProxy"], "values.kubeProxy"),
    internet: flag(values["internet"], "values.internet"),
    dnsReplicas: whole(values["dnsReplicas"], "values.dnsReplicas", 0, MAX_DNS_REPLICAS),
    logLevel: oneOf(LOG_LEVELS, values["logLevel"], "values.logLevel"),
  };
}

function wrong(field: string, how: string): DecodeError {
  return new DecodeError(`${field} is ${how}`, 0);
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong(field, "no object");
}

function list(value: unknown, field: string, max: number): unknown[] {
  if (Array.isArray(value) && value.length <= max) return value as unknown[];
  throw wrong(field, `no list of at most ${max}`);
}

function text_(value: unknown, field: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(field, "no text");
}

function flag(value: unknown, field: string): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(field, "neither true nor false");
}

function whole(value: unknown, field: string, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
    return value as number;
  }
  throw wrong(field, `no whole number from ${min} to ${max}`);
}

function oneOf<T extends string>(known: readonly T[], value: unknown, field: string): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  throw wrong(field, `none of ${known.join(", ")}`);
}
