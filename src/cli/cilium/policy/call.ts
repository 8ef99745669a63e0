/** What the subcommands have in common: options, and how they fail. */
import type { Command } from "commander";
import { Argument, Option } from "commander";
import { AppError } from "#base";
import { ExitStatus, type Streams } from "../../program.ts";
import { EXIT_USAGE } from "./exit-codes.ts";

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
    .option("-n, --namespace <name>", "the namespace of objects that name none", "default")
    .option("--cluster-name <name>", "the name of the cluster", "default")
    .addOption(
      new Option("--enforcement <mode>", "who is denied what no rule allows")
        .choices(["default", "always", "never"])
        .default("default"),
    )
    .option("--audit", "let pass what policies deny, as a cluster in audit mode does", false);
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
    streams.err(`Error: ${error.message}\n`);
    throw new ExitStatus(EXIT_USAGE);
  }
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
