import { AppError } from "#base";
import { expand } from "./expand.ts";
import { fieldValue, resourceValue } from "./fields.ts";
import type { Container, EnvironmentEntry, Pod } from "./pod.ts";

/** A container that cannot be configured: its waiting reason is CreateContainerConfigError. */
export class ContainerConfigError extends AppError {
  override readonly name: string = "ContainerConfigError";

  constructor(message: string) {
    super("container-config", message);
  }
}

/** The data of a ConfigMap or Secret as text, or undefined where there is none of that name. */
type DataOf = (
  kind: "configmap" | "secret",
  name: string,
) => Readonly<Record<string, string>> | undefined;

/** What a service says of itself, in the variables of containers. */
export interface ServiceLink {
  readonly name: string;
  readonly clusterIP: string;
  readonly ports: readonly {
    readonly name?: string;
    readonly port: number;
    readonly protocol?: string;
  }[];
}

interface EnvironmentFacts {
  readonly pod: Pod;
  readonly services: readonly ServiceLink[];
  readonly dataOf: DataOf;
  /** What fieldRefs of the status and the node resolve to. */
  readonly node: NodeFacts;
}

export interface NodeFacts {
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** What a container without a limit is told of as its limit. */
  readonly capacity: Readonly<Record<string, string>>;
}

const VARIABLE_NAME = /^[^=\0]+$/;

/** The variables of a container, in the order in which they come to be. */
export function environmentOf(container: Container, facts: EnvironmentFacts): Map<string, string> {
  const result = new Map<string, string>();
  const links = serviceLinks(facts.services);
  for (const source of container.envFrom ?? []) {
    const { prefix = "" } = source;
    for (const [key, value] of Object.entries(dataOfSource(source, facts))) {
      if (VARIABLE_NAME.test(prefix + key)) result.set(prefix + key, value);
    }
  }
  for (const entry of container.env ?? []) {
    const value = valueOf(entry, container, facts, (name) => result.get(name) ?? links.get(name));
    if (value !== undefined) result.set(entry.name, value);
  }
  // What the container sets itself stands before what services say.
  for (const [name, value] of links) if (!result.has(name)) result.set(name, value);
  return result;
}

function dataOfSource(
  source: NonNullable<Container["envFrom"]>[number],
  { dataOf }: EnvironmentFacts,
): Readonly<Record<string, string>> {
  const [kind, ref] =
    source.configMapRef === undefined
      ? (["secret", source.secretRef] as const)
      : (["configmap", source.configMapRef] as const);
  if (ref === undefined) return {};
  const data = dataOf(kind, ref.name);
  if (data !== undefined) return data;
  if (ref.optional === true) return {};
  throw new ContainerConfigError(`${kind} "${ref.name}" not found`);
}

function valueOf(
  entry: EnvironmentEntry,
  container: Container,
  facts: EnvironmentFacts,
  known: (name: string) => string | undefined,
): string | undefined {
  const { valueFrom } = entry;
  if (valueFrom === undefined) return expand(entry.value ?? "", known);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef !== undefined) return fieldValue(fieldRef.fieldPath, facts.pod, facts.node);
  if (resourceFieldRef !== undefined) {
    return resourceValue(resourceFieldRef, facts.pod, container, facts.node.capacity);
  }
  if (configMapKeyRef !== undefined) return keyOf("configmap", "ConfigMap", configMapKeyRef, facts);
  if (secretKeyRef !== undefined) return keyOf("secret", "Secret", secretKeyRef, facts);
  throw new ContainerConfigError(
    `the source of the variable ${entry.name} is not supported by the lab's kubelet`,
  );
}

function keyOf(
  kind: "configmap" | "secret",
  title: string,
  ref: { readonly name: string; readonly key: string; readonly optional?: boolean },
  { dataOf, pod }: EnvironmentFacts,
): string | undefined {
  const data = dataOf(kind, ref.name);
  const value = data?.[ref.key];
  if (value !== undefined) return value;
  if (ref.optional === true) return undefined;
  if (data === undefined) throw new ContainerConfigError(`${kind} "${ref.name}" not found`);
  throw new ContainerConfigError(
    `couldn't find key ${ref.key} in ${title} ${pod.metadata.namespace}/${ref.name}`,
  );
}

/** `PAYMENTS_SERVICE_HOST` and the like, as links of containers have been named from the first. */
function serviceLinks(services: readonly ServiceLink[]): Map<string, string> {
  const result = new Map<string, string>();
  for (const { name, clusterIP, ports } of services) {
    const [first] = ports;
    if (clusterIP === "" || clusterIP === "None" || first === undefined) continue;
    const prefix = variableName(name);
    result.set(`${prefix}_SERVICE_HOST`, clusterIP);
    result.set(`${prefix}_SERVICE_PORT`, String(first.port));
    for (const port of ports) {
      if (port.name === undefined || port.name === "") continue;
      result.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
    }
    const host = clusterIP.includes(":") ? `[${clusterIP}]` : clusterIP;
    for (const [at, { port, protocol = "TCP" }] of ports.entries()) {
      const url = `${protocol.toLowerCase()}://${host}:${port}`;
      if (at === 0) result.set(`${prefix}_PORT`, url);
      const link = `${prefix}_PORT_${port}_${protocol}`;
      result.set(link, url);
      result.set(`${link}_PROTO`, protocol.toLowerCase());
      result.set(`${link}_PORT`, String(port));
      result.set(`${link}_ADDR`, clusterIP);
    }
  }
  return result;
}

function variableName(name: string): string {
  return name.replaceAll("-", "_").toUpperCase();
}
