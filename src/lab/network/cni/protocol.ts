import { AppError } from "#base";

/** What ADD, DEL, CHECK and VERSION know; GC, STATUS and `mtu` came with 1.1.0. */
export const CNI_VERSIONS: readonly string[] = ["1.0.0", "1.1.0"];
export const NEWEST_CNI_VERSION = "1.1.0";

/** The codes that the CNI specification has for everybody; from 100 on they are a plugin's own. */
export const CniErrorCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  tryLater: 11,
  notAvailable: 50,
  alreadyAttached: 100,
  noAddressLeft: 101,
  notAsAdded: 102,
} as const;

export class CniError extends AppError {
  override readonly name: string = "CniError";
  readonly number: number;
  readonly details: string | undefined;

  constructor(number: number, message: string, details?: string) {
    super("cni", message, { fields: { number, details } });
    this.number = number;
    this.details = details;
  }
}

const CNI_COMMANDS = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;
type CniCommand = (typeof CNI_COMMANDS)[number];

/** One attachment of a container to the network. */
export interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
}

/** The CNI_* variables, as far as the command has them. */
export interface CniEnvironment {
  readonly command: CniCommand;
  readonly containerId: string;
  readonly ifname: string;
  /** Where the container's network namespace is bound; of DEL it may be missing. */
  readonly netns: string | undefined;
}

const CONTAINER_ID = /^[a-zA-Z0-9][-a-zA-Z0-9_.]*$/;
/** IFNAMSIZ with the zero at the end. */
const MAX_IFNAME_BYTES = 15;

type Variables = Readonly<Record<string, string | undefined>>;

const NEEDED: Readonly<Record<CniCommand, readonly string[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"],
  GC: [],
  STATUS: [],
  VERSION: [],
};

export function parseEnvironment(variables: Variables): CniEnvironment {
  const command = variables["CNI_COMMAND"] ?? "";
  if (!isCommand(command)) {
    throw invalid(`CNI_COMMAND is ${JSON.stringify(command)}, none of ${CNI_COMMANDS.join(", ")}`);
  }
  const missing = NEEDED[command].filter((name) => (variables[name] ?? "") === "");
  if (missing.length > 0) throw invalid(`${command} needs ${missing.join(", ")}`);
  const containerId = variables["CNI_CONTAINERID"] ?? "";
  const ifname = variables["CNI_IFNAME"] ?? "";
  if (NEEDED[command].length > 0) checkNames(containerId, ifname);
  const netns = variables["CNI_NETNS"];
  return { command, containerId, ifname, netns: netns === "" ? undefined : netns };
}

function checkNames(containerId: string, ifname: string): void {
  if (!CONTAINER_ID.test(containerId)) {
    throw invalid(`CNI_CONTAINERID ${JSON.stringify(containerId)} is no identifier`);
  }
  const isName =
    Buffer.byteLength(ifname) <= MAX_IFNAME_BYTES &&
    ifname !== "." &&
    ifname !== ".." &&
    !/[\s/:]/.test(ifname);
  if (!isName) throw invalid(`CNI_IFNAME ${JSON.stringify(ifname)} cannot name a device`);
}

function isCommand(text: string): text is CniCommand {
  return (CNI_COMMANDS as readonly string[]).includes(text);
}

function invalid(message: string): CniError {
  return new CniError(CniErrorCode.invalidEnvironment, message);
}

/** The JSON on standard output of a plugin that fails. */
export function errorOutput(error: unknown, cniVersion: string): string {
  const { number, message, details } =
    error instanceof CniError
      ? error
      : { number: CniErrorCode.io, message: messageOf(error), details: undefined };
  return JSON.stringify({ cniVersion, code: number, msg: message, ...(details && { details }) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
