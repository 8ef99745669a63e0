/** The options that name one connection or request, and what they mean. */
import { type Command, InvalidArgumentError } from "commander";
import { AppError, quote } from "#base";
import type { FlowQuestion, L7Request } from "#policy";

const MAX_PORT = 65_535;

export interface FlowOptions {
  from: string;
  to: string;
  port: number;
  protocol: string;
  http?: string;
  host?: string;
  header: string[];
  dns?: string;
}

export const PARTY_HELP = `
FROM and TO are namespace/pod, an address, a DNS name, or an entity such as world, host,
remote-node, health or kube-apiserver.`;

export function addFlowOptions(command: Command, isRequired: boolean): Command {
  const add = (flags: string, text: string, parse?: (value: string) => unknown): void => {
    const option = command.createOption(flags, text);
    if (parse !== undefined) option.argParser(parse);
    command.addOption(option.makeOptionMandatory(isRequired));
  };
  add("--from <from>", "who connects");
  add("--to <to>", "whom it connects to");
  add("--port <number>", "the port it connects to; for ICMP the type", parsePort);
  return command
    .option("--protocol <name>", "TCP, UDP, SCTP, ICMP, ICMPv6 or a number", "TCP")
    .option("--http <request>", 'an HTTP request: "GET /path"')
    .option("--host <name>", "its Host header")
    .option("--header <line>", 'another header: "Name: value"; may be given again', collect, [])
    .option("--dns <name>", "a DNS query for this name");
}

export function flowQuestion(options: FlowOptions): FlowQuestion {
  const { from, to, port, protocol } = options;
  const request = requestOf(options);
  return { from, to, port, protocol, ...(request === undefined ? {} : { request }) };
}

function requestOf({ http, host, header, dns }: FlowOptions): L7Request | undefined {
  if (http !== undefined && dns !== undefined) {
    throw new AppError("usage", "A request is either --http or --dns, not both.");
  }
  if (dns !== undefined) return { kind: "dns", name: dns };
  if (http === undefined) {
    if (host === undefined && header.length === 0) return undefined;
    throw new AppError("usage", '--host and --header describe a request: add --http "GET /path".');
  }
  const match = /^\s*([^\s/]+)\s+(\/\S*)\s*$/.exec(http);
  const [, method, path] = match ?? [];
  if (method === undefined || path === undefined) {
    throw new AppError("usage", `--http ${quote(http)} is not a method and a path: "GET /path".`);
  }
  const headers = Object.fromEntries(header.map(parseHeader));
  return {
    kind: "http",
    method,
    path,
    ...(host === undefined ? {} : { host }),
    ...(header.length === 0 ? {} : { headers }),
  };
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon <= 0) {
    throw new AppError(
      "usage",
      `--header ${quote(line)} is not a name and a value: "Name: value".`,
    );
  }
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function parsePort(text: string): number {
  const port = portNumber(text);
  if (port === undefined) throw new InvalidArgumentError(`It is not a number up to ${MAX_PORT}.`);
  return port;
}

/** Undefined for what is no port. */
export function portNumber(value: unknown): number | undefined {
  const isText = typeof value === "string" && /^[0-9]{1,5}$/.test(value);
  const port = isText ? Number(value) : value;
  const isPort =
    typeof port === "number" && Number.isInteger(port) && port >= 0 && port <= MAX_PORT;
  return isPort ? port : undefined;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
