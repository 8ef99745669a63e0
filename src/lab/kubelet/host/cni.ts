import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import type { Pod } from "../core/pod.ts";
import { type CommandResult, runCommand } from "./files.ts";

/** Where plugins and their configuration are, as on any node. */
export interface CniFolders {
  readonly confFolder: string;
  readonly binFolder: string;
}

export interface CniNode extends CniFolders {
  /** Where the node's network namespace is to be found: plugins run in it. */
  readonly networkPath: string;
}

/** One list of plugins: the first in the folder, by name, that can be read. */
interface CniConfig {
  readonly name: string;
  readonly cniVersion: string;
  readonly disableCheck?: boolean;
  readonly disableGC?: boolean;
  readonly plugins: readonly CniPlugin[];
}

interface CniPlugin {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [key: string]: unknown;
}

export interface CniAttachment {
  readonly containerId: string;
  /** The path of the pod's network namespace. */
  readonly namespace: string;
  readonly pod: Pod;
}

/** What ADD answers, as far as the kubelet reads it. */
export interface CniResult {
  readonly ips?: readonly { readonly address?: string }[];
  readonly [key: string]: unknown;
}

const INTERFACE = "eth0";
const PLUGIN_TIMEOUT_MS = 120_000;
const OLDEST_CHECK = "0.4.0";
const OLDEST_GC = "1.1.0";

/** What a kubelet says of a node without a plugin. */
export const NETWORK_NOT_READY =
  "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady " +
  "message:Network plugin returns error: cni plugin not initialized";

/** The configuration in force: undefined where there is none yet, as before a plugin is installed. */
export function readCniConfig({ confFolder }: CniFolders): CniConfig | undefined {
  let names: string[];
  try {
    names = readdirSync(confFolder).toSorted();
  } catch {
    return undefined;
  }
  for (const name of names) {
    if (!/\.(conflist|conf|json)$/.test(name)) continue;
    const config = parseCniConfig(join(confFolder, name));
    if (config !== undefined) return config;
  }
  return undefined;
}

/** A file that is being written, or is none of ours, is passed over. */
function parseCniConfig(path: string): CniConfig | undefined {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const {
    name,
    cniVersion = "0.2.0",
    disableCheck = false,
    disableGC = false,
    plugins,
    type,
  } = json as Partial<CniConfig> & { type?: unknown };
  if (typeof name !== "string" || typeof cniVersion !== "string") return undefined;
  const list: unknown = typeof type === "string" ? [json] : plugins;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const isPlugin = (plugin: unknown): plugin is CniPlugin =>
    typeof plugin === "object" && plugin !== null && typeof (plugin as CniPlugin).type === "string";
  if (!list.every(isPlugin)) return undefined;
  return { name, cniVersion, disableCheck, disableGC, plugins: list };
}

/** ADD of each plugin, in order; the last one's result is the pod's. */
export async function cniAdd(
  node: CniNode,
  config: CniConfig,
  attachment: CniAttachment,
): Promise<CniResult> {
  let result: CniResult | undefined;
  for (const plugin of config.plugins) {
    result = (await call(node, config, plugin, "ADD", attachment, {
      prevResult: result,
    })) as CniResult;
  }
  return result ?? {};
}

/** DEL of each, the last first; a plugin that has gone cannot be asked and is passed over. */
export async function cniDelete(
  node: CniNode,
  config: CniConfig,
  attachment: CniAttachment,
  prevResult: CniResult | undefined,
): Promise<void> {
  for (const plugin of config.plugins.toReversed()) {
    if (!existsSync(join(node.binFolder, plugin.type))) continue;
    await call(node, config, plugin, "DEL", attachment, { prevResult });
  }
}

/** Fails where a plugin says that the attachment is not as it was made. */
export async function cniCheck(
  node: CniNode,
  config: CniConfig,
  attachment: CniAttachment,
  prevResult: CniResult,
): Promise<void> {
  if (config.disableCheck === true || !isAtLeast(config.cniVersion, OLDEST_CHECK)) return;
  for (const plugin of config.plugins) {
    await call(node, config, plugin, "CHECK", attachment, { prevResult });
  }
}

/** Tells plugins which attachments there are, so that they take away all others. */
export async function cniCollect(
  node: CniNode,
  config: CniConfig,
  valid: readonly { readonly containerID: string; readonly ifname: string }[],
): Promise<void> {
  if (config.disableGC === true || !isAtLeast(config.cniVersion, OLDEST_GC)) return;
  for (const plugin of config.plugins) {
    await call(node, config, plugin, "GC", undefined, { "cni.dev/valid-attachments": valid });
  }
}

/** Fails where a plugin says that it could not take an ADD now. */
export async function cniStatus(node: CniNode, config: CniConfig): Promise<void> {
  if (!isAtLeast(config.cniVersion, OLDEST_GC)) return;
  for (const plugin of config.plugins) await call(node, config, plugin, "STATUS", undefined, {});
}

export function attachmentOf(containerId: string): { containerID: string; ifname: string } {
  return { containerID: containerId, ifname: INTERFACE };
}

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, "en", { numeric: true }) >= 0;
}

async function call(
  node: CniNode,
  config: CniConfig,
  plugin: CniPlugin,
  command: string,
  attachment: CniAttachment | undefined,
  extra: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const { type } = plugin;
  const did = command === "DEL" ? "delete" : command.toLowerCase();
  const what = `plugin type="${type}" failed (${did})`;
  const path = join(node.binFolder, type);
  if (type.includes("/") || !existsSync(path)) {
    throw new AppError(
      "cni",
      `${what}: failed to find plugin ${JSON.stringify(type)} in path [${node.binFolder}]`,
    );
  }
  const { capabilities: _capabilities, ...settings } = plugin;
  const runtimeConfig = runtimeConfigOf(plugin, attachment?.pod);
  const input = JSON.stringify({
    ...settings,
    name: config.name,
    cniVersion: config.cniVersion,
    ...(runtimeConfig === undefined ? {} : { runtimeConfig }),
    ...extra,
  });
  const result = await runCommand(["nsenter", `--net=${node.networkPath}`, "--", path], {
    environment: environmentOf(node, command, attachment),
    input,
    timeoutMs: PLUGIN_TIMEOUT_MS,
  });
  if (result.exitCode !== 0) throw new AppError("cni", `${what}: ${failureOf(result)}`);
  if (command !== "ADD") return undefined;
  try {
    return JSON.parse(result.stdout) as unknown;
  } catch (cause) {
    throw AppError.wrap(`${what}: its result is no JSON`, cause);
  }
}

function environmentOf(
  { binFolder }: CniNode,
  command: string,
  attachment: CniAttachment | undefined,
): Record<string, string> {
  const { PATH = "/usr/sbin:/usr/bin:/sbin:/bin" } = process.env;
  const base = { PATH, CNI_COMMAND: command, CNI_PATH: binFolder };
  if (attachment === undefined) return base;
  const { name, namespace, uid } = attachment.pod.metadata;
  return {
    ...base,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.namespace,
    CNI_IFNAME: INTERFACE,
    CNI_ARGS:
      `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${name};` +
      `K8S_POD_INFRA_CONTAINER_ID=${attachment.containerId};K8S_POD_UID=${uid}`,
  };
}

/** What a plugin asks of the runtime by its capabilities; in containerd's letters. */
function runtimeConfigOf(
  plugin: CniPlugin,
  pod: Pod | undefined,
): Record<string, unknown> | undefined {
  if (pod === undefined || plugin.capabilities?.["portMappings"] !== true) return undefined;
  const mappings = pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, containerPort, protocol = "TCP", hostIP = "" }) =>
      hostPort === undefined || hostPort === 0
        ? []
        : [
            {
              HostPort: hostPort,
              ContainerPort: containerPort,
              Protocol: protocol.toLowerCase(),
              HostIP: hostIP,
            },
          ],
    ),
  );
  return mappings.length === 0 ? undefined : { portMappings: mappings };
}

/** A plugin's error is an object on its standard output. */
function failureOf({ stdout, stderr, exitCode, isTimedOut }: CommandResult): string {
  if (isTimedOut) return `it did not answer within ${PLUGIN_TIMEOUT_MS / 1000} seconds`;
  try {
    const { msg, details } = JSON.parse(stdout) as { msg?: unknown; details?: unknown };
    if (typeof msg === "string") {
      return typeof details === "string" && details !== "" ? `${msg}; ${details}` : msg;
    }
  } catch {
    // Then what it wrote for people has to do.
  }
  const notes = stderr.trim();
  return notes === "" ? `exit code ${exitCode}` : notes;
}

/** The words of an event about a pod whose network could not be taken away. */
export function teardownFailure(pod: Pod, sandboxId: string, error: unknown): string {
  const { name, namespace, uid } = pod.metadata;
  const message = error instanceof Error ? error.message : String(error);
  const failure = `failed to destroy network for sandbox "${sandboxId}": ${message}`;
  return (
    `error killing pod: failed to "KillPodSandbox" for "${uid}" with KillPodSandboxError: ` +
    JSON.stringify(`rpc error: code = Unknown desc = ${failure}`) +
    ` for pod "${namespace}/${name}"`
  );
}

/** The words of an event about a sandbox whose network could not be made. */
export function networkFailure(sandboxId: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "${sandboxId}": ${message}`;
}
