/** The hidden commands: each is one process of a lab, until it is asked to end. */
import type { Command } from "commander";
import { systemClock } from "#base";
import { runControlPlane, runKubelet, runSupervisor } from "#lab";
import { endSignal } from "./call.ts";

interface HiddenCommand {
  define(command: Command): void;
}

interface NameOption {
  readonly name: string;
}

interface KubeletOptions extends NameOption {
  readonly node: string;
  readonly cgroup: string;
}

export const supervisorCommand: HiddenCommand = {
  define: (command) =>
    void command
      .requiredOption("--name <name>")
      .action(({ name }: NameOption) =>
        runSupervisor({ name, signal: endSignal(), clock: systemClock }),
      ),
};

export const controlPlaneCommand: HiddenCommand = {
  define: (command) =>
    void command
      .requiredOption("--name <name>")
      .action(({ name }: NameOption) =>
        runControlPlane({ name, signal: endSignal(), clock: systemClock }),
      ),
};

export const kubeletCommand: HiddenCommand = {
  define: (command) =>
    void command
      .requiredOption("--name <name>")
      .requiredOption("--node <name>")
      .requiredOption("--cgroup <folder>")
      .action(({ name, node, cgroup }: KubeletOptions) =>
        runKubelet({
          name,
          node,
          cgroup,
          signal: endSignal(),
          clock: systemClock,
        }),
      ),
};
