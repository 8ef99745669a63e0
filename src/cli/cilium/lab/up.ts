import process from "node:process";
import { type Command, Option } from "commander";
import { systemClock } from "#base";
import { kubeconfigPath, statusOf, up } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption, collect, wholeNumber } from "./call.ts";
import { nextSteps, statusText } from "./status-text.ts";

interface UpOptions {
  readonly name: string;
  readonly nodes?: number;
  readonly ipv6?: boolean;
  readonly cni?: "bridge" | "none";
  readonly set: readonly string[];
  readonly demo: boolean;
}

const DESCRIPTION = `Make a cluster and wait until it can be used; the command returns, and the
cluster stays. One that is there already is started, or left as it is.`;

const VALUES = `
What --set can say:
  kubeProxy=true|false   whether the lab does the services (true)
  internet=true|false    whether there is an internet outside (true)
  dnsReplicas=N          how many pods answer names (2)
  logLevel=LEVEL         debug, info, warn or error (info)`;

export function define(command: Command, streams: Streams): void {
  addNameOption(command.description(DESCRIPTION))
    .option("--nodes <count>", "how many nodes a new lab has (2)", wholeNumber)
    .option("--ipv6", "give nodes, pods and services IPv6 addresses too")
    .addOption(
      new Option("--cni <kind>", "who connects the pods (bridge)").choices(["bridge", "none"]),
    )
    .option("--set <key=value>", "a setting; may be given several times", collect, [])
    .option("--no-demo", "leave out the demo of three tiers")
    .addHelpText("after", VALUES)
    .action((options: UpOptions) => run(options, streams));
}

async function run(options: UpOptions, streams: Streams): Promise<void> {
  const { name, nodes, ipv6, cni, set, demo } = options;
  const beganMs = systemClock.monotonicMs();
  const seconds = (): string => ((systemClock.monotonicMs() - beganMs) / 1000).toFixed(1);
  await up({
    name,
    nodes,
    isIpv6: ipv6,
    cni,
    assignments: set,
    hasDemo: demo,
    kubeconfig: kubeconfigPath(process.env),
    report: (line) => streams.out(`${seconds().padStart(5)} s  ${line}\n`),
    clock: systemClock,
  });
  streams.out(`\n${statusText(await statusOf(name, systemClock))}`);
  streams.out(nextSteps(name, demo));
}
