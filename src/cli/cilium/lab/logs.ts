import type { Command } from "commander";
import { AppError, systemClock } from "#base";
import { pathOf, RESOURCES } from "#kube";
import { checkRoot, processLogs, readProcessLog } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption, addNamespaceOption, endSignal, wholeNumber, withClient } from "./call.ts";

interface LogsOptions {
  readonly name: string;
  readonly namespace: string;
  readonly container?: string;
  readonly follow: boolean;
  readonly tail: number;
  readonly previous: boolean;
}

const DESCRIPTION = `Print what a process of the lab says: supervisor, control-plane, kubelet-node1 and
so on; all of them where none is named. Any other name is a pod's.`;

export function define(command: Command, streams: Streams): void {
  addNamespaceOption(addNameOption(command.description(DESCRIPTION)))
    .argument("[what]", "a process of the lab, or a pod")
    .option("-c, --container <name>", "which of the pod's containers")
    .option("-f, --follow", "go on with what comes", false)
    .option("--tail <lines>", "how many lines from the end", wholeNumber, 20)
    .option("-p, --previous", "of the container that ran before", false)
    .action(async (what: string | undefined, options: LogsOptions) => {
      checkRoot();
      const processes = processLogs(options.name);
      if (what !== undefined && !processes.includes(what)) await podLogs(what, options, streams);
      else await labLogs(what === undefined ? processes : [what], options, streams);
    });
}

async function labLogs(
  processes: readonly string[],
  { name, tail, follow }: LogsOptions,
  streams: Streams,
): Promise<void> {
  if (follow && processes.length > 1) {
    throw new AppError("usage", `Say which to follow: ${processes.join(", ")}.`);
  }
  const signal = endSignal();
  for (const process of processes) {
    if (processes.length > 1) streams.out(`==> ${process} <==\n`);
    const options = { lines: tail, isFollowing: follow, signal, clock: systemClock };
    for await (const text of readProcessLog(name, process, options)) streams.out(text);
    if (processes.length > 1) streams.out("\n");
  }
}

function podLogs(pod: string, options: LogsOptions, streams: Streams): Promise<void> {
  const { name, namespace, container, follow, tail, previous } = options;
  const query = new URLSearchParams({
    follow: String(follow),
    tailLines: String(tail),
    previous: String(previous),
    ...(container === undefined ? {} : { container }),
  });
  const path = `${pathOf(RESOURCES.Pod, { namespace, name: pod }, "log")}?${query.toString()}`;
  return withClient(name, async (client) => {
    const decoder = new TextDecoder();
    for await (const bytes of client.stream(path, endSignal())) {
      streams.out(decoder.decode(bytes, { stream: true }));
    }
  });
}
