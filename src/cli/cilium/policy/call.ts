/** What the subcommands have in common: options, and how they fail. */
import type { Command } from "commander";
import { Argument, InvalidArgumentError, Option } from "commander";
import { AppError, escapeControls } from "#base";
import { ExitStatus, type Streams } from "../../program.ts";
import { EXIT_USAGE } from "./exit-codes.ts";

/** How many errors a call tells that is not about them; the rest is counted. */
export const MAX_TOLD = 5;

const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

type Enforcement = "default" | "always" | "never";

/** How the cluster would be set up that the manifests are for. */
export interface ClusterSettings {
  namespace: string;
  clusterName: string;
  enforcement: Enforcement;
  audit: boolean;
}

export function addFilesArgument(command: Command): Command {
  return command.addArgument(
    new Argument("<files...>", "manifests: files, folders, or - for standard input"),
  );
}

export function addClusterOptions(command: Command): Command {
  return command
    .option(
      "-n, --namespace <name>",
      "the namespace of objects that name none",
      parseName,
      "default",
    )
    .option("--cluster-name <name>", "the name of the cluster", parseName, "default")
    .addOption(
      new Option("--enforcement <mode>", "who is denied what no rule allows")
        .choices(["default", "always", "never"])
        .default("default"),
    )
    .option("--audit", "let pass what policies deny, as a cluster in audit mode does", false);
}

function parseName(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError("It is not 1 to 63 of a-z, 0-9 and - (neither first nor last).");
}

export function addOutputOption(command: Command, formats: readonly string[]): Command {
  return command.addOption(
    new Option("-o, --output <format>", "print for machines").choices(formats),
  );
}

/** Bad input is told in one line and ends with its own exit code; other errors are thrown on. */
export async function runCall(streams: Streams, call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    refuse(streams, [error.message]);
  }
}

/** Ends a call that cannot be answered: with all that is wrong, for those who correct it at once. */
export function refuse(streams: Streams, errors: readonly string[]): never {
  tellErrors(streams, errors);
  throw new ExitStatus(EXIT_USAGE);
}

export function tellErrors(streams: Streams, errors: readonly string[]): void {
  for (const error of errors.slice(0, MAX_TOLD)) streams.err(`Error: ${escapeControls(error)}\n`);
  if (errors.length > MAX_TOLD) streams.err(`Error: and ${errors.length - MAX_TOLD} more.\n`);
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
