/** What is odd in a pod's containers. */
import type { View } from "../validate/view.ts";
import { fractionWarnings } from "./amounts.ts";

const APPARMOR = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP = "container.seccomp.security.alpha.kubernetes.io/";

/** Those of a pod's spec in the order in which they are looked at. */
export const containersOf = (spec: View): View[] =>
  ["initContainers", "containers", "ephemeralContainers"].flatMap((key) => spec.at(key).items());

export function containerWarnings(container: View, annotations: View): string[] {
  const resources = container.at("resources");
  return [
    ...profileWarnings(
      container,
      annotations,
      SECCOMP,
      "seccompProfile",
      "non-functional in v1.27+",
    ),
    ...profileWarnings(
      container,
      annotations,
      APPARMOR,
      "appArmorProfile",
      "deprecated since v1.30",
    ),
    ...["memory", "ephemeral-storage"].flatMap((resource) =>
      ["limits", "requests"].flatMap((key) => fractionWarnings(resources.at(key), resource)),
    ),
    ...environmentWarnings(container.at("env").items()),
  ];
}

/** An annotation that became a field. */
function profileWarnings(
  container: View,
  annotations: View,
  prefix: string,
  field: string,
  since: string,
): string[] {
  const annotation = annotations.key(`${prefix}${container.at("name").text}`);
  if (!annotation.isThere || container.at("securityContext", field).isThere) return [];
  return [`${annotation.path}: ${since}; use the "${field}" field instead`];
}

/** A variable again, that does not make use of the one before. */
function environmentWarnings(variables: readonly View[]): string[] {
  const seen = new Set<string>();
  return variables.flatMap((variable) => {
    const [name, value] = [variable.at("name").text, variable.at("value").text];
    const reference = `$(${name})`;
    const isFirst = !seen.has(name);
    seen.add(name);
    const isAddition =
      !variable.at("valueFrom").isThere && value !== reference && value.includes(reference);
    if (isFirst || isAddition) return [];
    return [
      `${variable.path}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
    ];
  });
}

/** Ports of all of a pod's containers together. */
export function portWarnings(ports: readonly View[]): string[] {
  return ports.flatMap((port, index) =>
    ports.slice(0, index).flatMap((other) => {
      const how = clash(port, other);
      return how === undefined ? [] : [`${port.path}: ${how} port definition with ${other.path}`];
    }),
  );
}

function clash(one: View, other: View): string | undefined {
  const differs = (key: string): boolean => one.at(key).value !== other.at(key).value;
  if (differs("containerPort") || differs("protocol")) return undefined;
  const [host, otherHost] = [one.at("hostPort").number, other.at("hostPort").number];
  const [ip, otherIp] = [one.at("hostIP").text, other.at("hostIP").text];
  if (ip === otherIp && host === otherHost) return "duplicate";
  if (host === 0 || otherHost === 0) return "overlapping";
  return host === otherHost && (ip === "") !== (otherIp === "")
    ? "dangerously ambiguous"
    : undefined;
}

export function portNameWarnings(ports: readonly View[]): string[] {
  const seen = new Map<string, string>();
  return ports.flatMap((port) => {
    const name = port.at("name").text;
    const first = seen.get(name);
    if (name === "") return [];
    if (first === undefined) {
      seen.set(name, port.path);
      return [];
    }
    return [
      `${port.path}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`,
    ];
  });
}
