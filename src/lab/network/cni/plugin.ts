import { type IpAddress, unreachable } from "#base";
import type { Namespace } from "#netlink";
import { attach, type Attached, detach, ensureBridge, gatewayOf, inspect } from "./bridge.ts";
import { type BridgeConfig, parseConfig, versionOf } from "./config.ts";
import { setHostPorts } from "./host-ports.ts";
import { Leases } from "./leases.ts";
import {
  type Attachment,
  CNI_VERSIONS,
  CniError,
  CniErrorCode,
  type CniEnvironment,
  errorOutput,
  NEWEST_CNI_VERSION,
  parseEnvironment,
} from "./protocol.ts";

/** A call of the plugin, as a process gets it from the runtime. */
interface PluginCall {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: string;
  /** Where the call came from: the node's. */
  readonly node: Namespace;
  /** The container's, from CNI_NETNS. Throws where it is not there. */
  readonly openNamespace: (path: string) => Namespace;
}

/** What the process ends with. */
export interface PluginOutcome {
  readonly status: number;
  readonly output: string;
}

interface Context extends PluginCall {
  readonly command: CniEnvironment;
  readonly config: BridgeConfig;
  readonly leases: Leases;
  readonly attachment: Attachment;
}

/** Runs the plugin `bridge` once. Failures are told as the CNI specification has it. */
export async function runPlugin(call: PluginCall): Promise<PluginOutcome> {
  try {
    const output = await dispatch(call);
    return { status: 0, output: output === undefined ? "" : JSON.stringify(output) };
  } catch (error) {
    return { status: 1, output: errorOutput(error, versionOf(call.input, NEWEST_CNI_VERSION)) };
  }
}

async function dispatch(call: PluginCall): Promise<object | undefined> {
  const command = parseEnvironment(call.environment);
  if (command.command === "VERSION") {
    const cniVersion = versionOf(call.input, NEWEST_CNI_VERSION);
    return { cniVersion, supportedVersions: CNI_VERSIONS };
  }
  const config = parseConfig(call.input);
  const { containerId, ifname } = command;
  const leases = new Leases(config.dataDir, config.name);
  const context = { ...call, command, config, leases, attachment: { containerId, ifname } };
  switch (command.command) {
    case "ADD":
      return add(context);
    case "DEL":
      await remove(context, context.attachment);
      return undefined;
    case "CHECK":
      check(context);
      return undefined;
    case "GC":
      await collectGarbage(context);
      return undefined;
    case "STATUS":
      status(context);
      return undefined;
    default:
      return unreachable(command.command);
  }
}

async function add(context: Context): Promise<object> {
  const { config, attachment, command, node } = context;
  using pod = podNamespace(context);
  await ensureBridge(node, config);
  // Read after the wait: calls run beside each other, and what follows is one step.
  const leases = new Leases(config.dataDir, config.name);
  const addresses = leases.allocate(attachment, config.subnets, config.portMappings);
  try {
    const attached = await attach(config, attachment, { node, pod, addresses });
    if (config.portMappings.length > 0) await setHostPorts(node, () => hostPortsOf(config));
    return addResult(config, command, { attached, addresses });
  } catch (error) {
    new Leases(config.dataDir, config.name).release(attachment);
    throw error;
  }
}

function addResult(
  { cniVersion, subnets }: BridgeConfig,
  { netns }: CniEnvironment,
  { attached, addresses }: { attached: Attached; addresses: readonly IpAddress[] },
): object {
  const hasMtu = cniVersion !== "1.0.0";
  const interfaces = [attached.bridge, attached.host, attached.pod].map(({ name, mac, mtu }) => ({
    name,
    mac: mac?.key,
    ...(hasMtu ? { mtu } : {}),
  }));
  const ips = addresses.map((address) => {
    const subnet = subnets.find((each) => each.contains(address));
    const gateway = subnet && gatewayOf(subnet).key;
    return { interface: 2, address: `${address.key}/${address.family === 4 ? 32 : 128}`, gateway };
  });
  const routes = ips.map(({ gateway, address }) => ({
    dst: address.includes(":") ? "::/0" : "0.0.0.0/0",
    gw: gateway,
  }));
  const [bridge, host, pod] = interfaces;
  return {
    cniVersion,
    interfaces: [bridge, host, { ...pod, sandbox: netns }],
    ips,
    routes,
    dns: {},
  };
}

/** The cable first: nobody gets an address that another still answers for. */
async function remove({ node, config }: Context, attachment: Attachment): Promise<void> {
  await detach(node, attachment);
  const leases = new Leases(config.dataDir, config.name);
  const hadPorts = leases.hasHostPorts(attachment);
  leases.release(attachment);
  if (hadPorts) await setHostPorts(node, () => hostPortsOf(config));
}

function hostPortsOf({ dataDir, name }: BridgeConfig): ReturnType<Leases["hostPorts"]> {
  return new Leases(dataDir, name).hostPorts();
}

function check(context: Context): void {
  const { config, leases, attachment, node } = context;
  if (config.previous === undefined) {
    throw new CniError(CniErrorCode.invalidConfig, "CHECK needs prevResult, the result of ADD");
  }
  const addresses = leases.get(attachment);
  if (addresses === undefined) {
    const message = `container ${attachment.containerId} has no addresses of network ${config.name}`;
    throw new CniError(CniErrorCode.unknownContainer, message);
  }
  const told = new Set(config.previous.ips.map(({ address }) => address.split("/")[0]));
  for (const { key } of addresses) {
    if (told.has(key)) continue;
    throw new CniError(CniErrorCode.notAsAdded, `prevResult does not have address ${key}`);
  }
  using pod = podNamespace(context);
  inspect(config, attachment, { node, pod, addresses });
}

async function collectGarbage(context: Context): Promise<void> {
  const { leases, config } = context;
  const name = ({ containerId, ifname }: Attachment): string => `${containerId}/${ifname}`;
  const valid = new Set(config.validAttachments.map(name));
  for (const attachment of leases.list()) {
    if (!valid.has(name(attachment))) await remove(context, attachment);
  }
}

function status({ leases, config }: Context): void {
  if (leases.hasRoom(config.subnets)) return;
  const names = config.subnets.map(({ key }) => key).join(" or ");
  throw new CniError(CniErrorCode.notAvailable, `${names} has no address left for a pod`);
}

function podNamespace({ command, openNamespace }: Context): Namespace {
  const { netns = "" } = command;
  try {
    return openNamespace(netns);
  } catch (cause) {
    const message = `cannot open the container's network namespace ${netns}`;
    throw new CniError(CniErrorCode.unknownContainer, message, (cause as Error).message);
  }
}
