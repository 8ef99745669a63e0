/** What the commands of `cilium lab` have in common. */
import process from "node:process";
import { type Command, InvalidArgumentError } from "commander";
import type { KubeClient } from "#kube";
import { systemClock } from "#base";
import { checkRoot, clientOfLab, openLab } from "#lab";

export const DEFAULT_NAME = "lab";

export function addNameOption(command: Command): Command {
  return command.option("--name <name>", "the name of the lab", DEFAULT_NAME);
}

export function addNamespaceOption(command: Command): Command {
  return command.option("-n, --namespace <name>", "the namespace", "default");
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is no whole number.");
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Runs `action` with a client of the lab, which is closed after it. */
export async function withClient<T>(
  name: string,
  action: (client: KubeClient) => Promise<T>,
): Promise<T> {
  checkRoot();
  using client = clientOfLab(openLab(name), systemClock);
  return await action(client);
}

/** Aborted when somebody wants this process to end. */
export function endSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
  return ending.signal;
}

/** How the reader called this program, for commands that he is told to type. */
export function labCall(): string {
  // From a clone of the sources there is no `cilium` to call.
  return process.env["npm_lifecycle_event"] === "lab" ? "npm run lab --" : "cilium lab";
}
