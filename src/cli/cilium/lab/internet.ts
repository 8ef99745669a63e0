import type { Command } from "commander";
import { systemClock } from "#base";
import { addInternetHosts, checkRoot } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption } from "./call.ts";

const DESCRIPTION = `Outside the cluster there is a little internet: a resolver, and hosts that answer
HTTP and HTTPS. api.stripe.com, api.paypal.com, api.github.com and names under
amazonaws.com are always there.`;

export function define(command: Command, streams: Streams): void {
  command
    .description(DESCRIPTION)
    .summary("add hosts to the internet that the cluster sees")
    .helpCommand(false)
    .usage("COMMAND");
  const add = command
    .command("add <hosts...>")
    .description("names that it answers for from now on");
  addNameOption(add).action(async (hosts: string[], { name }: { name: string }) => {
    checkRoot();
    await addInternetHosts(name, hosts, systemClock);
    streams.out(`The little internet answers for ${hosts.join(", ")}.\n`);
  });
}
