/**
 * Commands of a conversation about what runs in pods:
 *
 *     EXEC web --container main --until 0
 *         cat /etc/hostname
 *     ----
 *     0
 *     web
 *
 * EXEC POD [--container C] [--until CODE]   runs the indented lines by `sh`, or the words after
 *     `--`, and says the exit code (or why there is none), then stdout and stderr. With --until it
 *     does so again until that is the code, and a while longer.
 * LOG POD [--query Q] [--until TEXT]        its log, or the refusal of it, by the API's parameters;
 *     with --quiet only the status.
 * EVENTS NAME [--until TEXT] [--only A,B]   what its kubelet told of it, in order, each once; with
 *     --sorted in the alphabet's.
 * ASK NAME TYPE [--until TEXT]              what the cluster's DNS answers.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "#base";
import type { Endpoint } from "#kube";
import type { ScriptCommands } from "#test";
import { Refused } from "./channels.ts";
import { askDns } from "./dns.ts";
import { maskText, type Names } from "./masks.ts";
import { type Options, readOptions } from "./options.ts";
import { runProgram } from "./programs.ts";
import type { Answer, Wire } from "./wire.ts";

const UNTIL_MS = 40_000;
const RETRY_MS = 100;
const DNS_PODS = "/api/v1/namespaces/kube-system/pods";

interface PodWorld {
  readonly endpoint: Endpoint;
  readonly wire: Wire;
  readonly names: Names;
  readonly namespace: string;
}

interface EventObject {
  readonly metadata: { readonly name: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly fieldPath?: string };
  readonly reportingComponent?: string;
}

export function podCommands(world: PodWorld): ScriptCommands {
  const expand = (words: string[]): string[] => words.map((word) => world.names.fill(word));
  return {
    EXEC: (words, body) => exec(world, expand(words), world.names.fill(body)),
    LOG: (words) => log(world, expand(words)),
    EVENTS: (words) => events(world, expand(words)),
    ASK: (words) => ask(world, expand(words)),
  };
}

async function exec(world: PodWorld, given: string[], body: string): Promise<string> {
  const at = given.includes("--") ? given.indexOf("--") : given.length;
  const { words, options } = readOptions(given.slice(0, at));
  const command = body === "" ? given.slice(at + 1) : ["sh", "-c", body];
  const [pod = ""] = words;
  const { namespace, endpoint } = world;
  const run = async (): Promise<string> => {
    const asked = { namespace, pod, container: options["container"], command };
    const { end, stdout, stderr } = await runProgram(endpoint, asked);
    const gap = stdout === "" || stdout.endsWith("\n") ? "" : "\n";
    return `${end}\n${stdout}${gap}${stderr}`;
  };
  const { until } = options;
  const isRight = (text: string): boolean => until === undefined || text.startsWith(`${until}\n`);
  return maskText(await eventually(() => unlessRefused(run), isRight), world.names);
}

async function log(world: PodWorld, given: string[]): Promise<string> {
  const { words, options } = readOptions(given);
  const path = `/api/v1/namespaces/${world.namespace}/pods/${words[0]}/log?${options["query"] ?? ""}`;
  const read = async (): Promise<string> => {
    const { status, body } = await get(world.wire, path);
    return status === 200 ? `200\n${body}` : new Refused(status, body).toString();
  };
  const text = maskText(await eventually(read, contains(options)), world.names);
  return "quiet" in options ? (text.split("\n")[0] ?? "") : text;
}

async function events(world: PodWorld, given: string[]): Promise<string> {
  const { words, options } = readOptions(given);
  const about = `involvedObject.name=${words[0]}`;
  const path = `/api/v1/namespaces/${world.namespace}/events?fieldSelector=${about}`;
  const only = options["only"]?.split(",");
  const read = async (): Promise<string> => {
    const { items } = JSON.parse((await get(world.wire, path)).body) as { items: EventObject[] };
    const lines = items
      .filter(({ reportingComponent }) => reportingComponent === "kubelet")
      .filter(({ reason }) => only === undefined || only.includes(reason))
      .toSorted((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
      .map((event) => maskText(lineOf(event), world.names));
    const once = [...new Set(lines)];
    return ("sorted" in options ? once.toSorted() : once).join("\n");
  };
  return eventually(read, contains(options));
}

function lineOf({ type, reason, message, involvedObject }: EventObject): string {
  const { fieldPath } = involvedObject;
  return `${type} ${reason}${fieldPath === undefined ? "" : ` ${fieldPath}`}: ${message}`;
}

async function ask({ endpoint, wire, names }: PodWorld, given: string[]): Promise<string> {
  const { words, options } = readOptions(given);
  const [name = "", type = ""] = words;
  const read = async (): Promise<string> => {
    const { body } = await get(wire, `${DNS_PODS}?labelSelector=k8s-app=kube-dns`);
    const { items } = JSON.parse(body) as { items: { metadata: { name: string } }[] };
    const pod = `${DNS_PODS}/${items[0]?.metadata.name}`;
    const [code = "", ...records] = await askDns(endpoint, pod, name, type);
    return [`${name} ${type}: ${code}`, ...records].join("\n");
  };
  const [head = "", ...records] = (await eventually(read, contains(options))).split("\n");
  // Which of several comes first changes from answer to answer.
  const sorted = records.map((line) => maskText(line, names)).toSorted();
  return [maskText(head, names), ...sorted].join("\n");
}

function get(wire: Wire, path: string): Promise<Answer> {
  const headers = { Accept: "application/json" };
  return wire.ask({ method: "GET", path: encodeURI(path), headers, body: undefined });
}

/** All of what is asked for, with a plus between. */
function contains({ until = "" }: Options): (text: string) => boolean {
  return (text) => until.split(" + ").every((part) => text.includes(part));
}

async function unlessRefused(act: () => Promise<string>): Promise<string> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refused) return error.toString();
    throw error;
  }
}

async function eventually(
  look: () => Promise<string>,
  isRight: (text: string) => boolean,
): Promise<string> {
  const deadline = systemClock.monotonicMs() + UNTIL_MS;
  for (;;) {
    const text = await look();
    if (isRight(text)) return text;
    if (systemClock.monotonicMs() > deadline) throw new Error(`to the end it was: ${text}`);
    await sleep(RETRY_MS);
  }
}
