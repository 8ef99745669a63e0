import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "#base";
import {
  addNode,
  checkRoot,
  execInNode,
  removeNodeOfLab,
  setNodeStopped,
  setNodeTrouble,
} from "#lab";
import { ExitStatus, type Streams } from "../../program.ts";
import { addNameOption, wholeNumber } from "./call.ts";

interface NameOption {
  readonly name: string;
}

const DESCRIPTION = `Change the nodes of a lab while it runs, or run programs in them. A node that is stopped loses its pods'
processes and its place in the network, as if its plug were pulled, and keeps its
disk. One that is partitioned runs on and reaches nobody.`;

export function define(command: Command, streams: Streams): void {
  command
    .description(DESCRIPTION)
    .summary("add, stop, start, remove, partition and delay nodes; exec")
    .helpCommand(false)
    .usage("COMMAND");
  const say = (line: string): void => streams.out(`${line}\n`);
  const add = (words: string, summary: string): Command =>
    addNameOption(command.command(words).description(summary)).hook("preAction", checkRoot);

  add("add", "a new node, with the next number").action(async ({ name }: NameOption) => {
    say(`Node ${await addNode(name, systemClock)} is ready.`);
  });
  add("stop <node>", "pull its plug").action(async (node: string, { name }: NameOption) => {
    await setNodeStopped(name, node, true, systemClock);
    say(`Node ${node} is stopped.`);
  });
  add("start <node>", "plug it in again").action(async (node: string, { name }: NameOption) => {
    await setNodeStopped(name, node, false, systemClock);
    say(`Node ${node} is ready.`);
  });
  add("remove <node>", "take it out of the cluster").action(
    async (node: string, { name }: NameOption) => {
      await removeNodeOfLab(name, node, systemClock);
      say(`Node ${node} is taken away.`);
    },
  );
  defineTrouble(add, say);
  add("exec <node>", "run a program in its network, mounts and cgroup")
    .usage("[options] NODE -- COMMAND [ARGUMENTS...]")
    .argument("<command...>", "what to run")
    .action(async (node: string, words: readonly string[], { name }: NameOption) => {
      const status = await execInNode(name, node, words);
      if (status !== 0) throw new ExitStatus(status);
    });
}

type AddCommand = (words: string, summary: string) => Command;

interface DelayOptions extends NameOption {
  readonly jitter: number;
  readonly loss: number;
}

function defineTrouble(add: AddCommand, say: (line: string) => void): void {
  add("partition <node>", "cut it off from all others")
    .option("--heal", "connect it again", false)
    .action(async (node: string, { name, heal }: NameOption & { heal: boolean }) => {
      await setNodeTrouble(name, node, { isPartitioned: !heal }, systemClock);
      say(heal ? `Node ${node} is connected again.` : `Node ${node} reaches nobody.`);
    });
  add("delay <node>", "make its packets late, or lose some")
    .argument("<milliseconds>", "how late, each way; 0 for no delay", milliseconds)
    .option("--jitter <milliseconds>", "by how much that varies", milliseconds, 0)
    .option("--loss <percent>", "how many are lost", wholeNumber, 0)
    .action(async (node: string, delayMs: number, options: DelayOptions) => {
      const { name, jitter: jitterMs, loss: lossPercent } = options;
      await setNodeTrouble(name, node, { delayMs, jitterMs, lossPercent }, systemClock);
      say(`Packets of node ${node} are delayed by ${delayMs} ms; ${lossPercent}% are lost.`);
    });
}

function milliseconds(text: string): number {
  const match = /^(\d{1,6})(?:ms)?$/.exec(text);
  if (match !== null) return Number(match[1]);
  throw new InvalidArgumentError("It is no number of milliseconds, such as 50 or 50ms.");
}
