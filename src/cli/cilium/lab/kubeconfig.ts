/** `kubeconfig` and `env`: for those who keep their own kubeconfig out of it. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { systemClock } from "#base";
import { checkRoot, openLab, writeOwnKubeconfig } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption } from "./call.ts";

interface LabCommand {
  define(command: Command, streams: Streams): void;
}

function ownKubeconfig(name: string): string {
  checkRoot();
  return writeOwnKubeconfig(openLab(name), systemClock);
}

export const kubeconfigCommand: LabCommand = {
  define: (command, streams) =>
    void addNameOption(command).action(({ name }: { name: string }) =>
      streams.out(readFileSync(ownKubeconfig(name), "utf8")),
    ),
};

export const envCommand: LabCommand = {
  define: (command, streams) =>
    void addNameOption(command).action(({ name }: { name: string }) =>
      streams.out(`export KUBECONFIG=${ownKubeconfig(name)}\n`),
    ),
};
