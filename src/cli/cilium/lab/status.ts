import { type Command, Option } from "commander";
import { systemClock } from "#base";
import { checkRoot, listLabs, statusOf } from "#lab";
import { ExitStatus, type Streams } from "../../program.ts";
import { addNameOption, labCall } from "./call.ts";
import { statusText } from "./status-text.ts";

interface StatusOptions {
  readonly name: string;
  readonly output?: "json";
}

const DESCRIPTION = `Show one lab where --name says which, or else all there are. Exit code 1 where one
does not run or has problems.`;

export function define(command: Command, streams: Streams): void {
  addNameOption(command.description(DESCRIPTION))
    .addOption(new Option("-o, --output <format>", "print for machines").choices(["json"]))
    .action(async ({ name, output }: StatusOptions) => {
      checkRoot();
      const isNamed = command.getOptionValueSource("name") === "cli";
      const names = isNamed ? [name] : listLabs();
      const all = [];
      for (const each of names) all.push(await statusOf(each, systemClock));
      if (output === "json") streams.out(`${JSON.stringify(isNamed ? all[0] : all, null, 2)}\n`);
      else if (all.length === 0) streams.out(`There is no lab: "${labCall()} up" makes one.\n`);
      else streams.out(all.map(statusText).join("\n"));
      const isFine = all.every(({ isRunning, problems }) => isRunning && problems.length === 0);
      if (!isFine || all.length === 0) throw new ExitStatus(1);
    });
}
