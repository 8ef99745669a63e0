import process from "node:process";
import type { Command } from "commander";
import { AppError, systemClock } from "#base";
import { down, downAll } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption } from "./call.ts";

interface DownOptions {
  readonly name: string;
  readonly all: boolean;
}

const DESCRIPTION = `Take a lab away: its processes, its network, its files and its context. Works in
whatever state it is, also after a crash.`;

export function define(command: Command, streams: Streams): void {
  addNameOption(command.description(DESCRIPTION))
    .option("--all", "all labs of this machine, and what crashes left of any", false)
    .action(async ({ name, all }: DownOptions) => {
      if (all && command.getOptionValueSource("name") === "cli") {
        throw new AppError("usage", "Say either --name or --all.");
      }
      const options = { clock: systemClock, environment: process.env };
      if (all) {
        const names = await downAll(options);
        const what = names.length === 0 ? "There was no lab" : `Taken away: ${names.join(", ")}`;
        streams.out(`${what}.\n`);
        return;
      }
      const wasThere = await down(name, options);
      streams.out(wasThere ? `Lab ${name} is taken away.\n` : `There was no lab ${name}.\n`);
    });
}
