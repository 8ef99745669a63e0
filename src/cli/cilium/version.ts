import { arch, platform } from "node:os";
import type { Command } from "commander";
import { Option } from "commander";
import { buildVersion } from "../build-version.ts";
import type { Streams } from "../program.ts";

interface VersionOptions {
  client: boolean;
  output?: "json";
}

/** Node's names of machines and systems where Go, whose words people know here, has others. */
const GO_ARCH: Partial<Record<string, string>> = { x64: "amd64", ia32: "386" };
const GO_OS: Partial<Record<string, string>> = { win32: "windows", sunos: "solaris" };

export function goArch(nodeArch: string): string {
  return GO_ARCH[nodeArch] ?? nodeArch;
}

export function goOs(nodePlatform: string): string {
  return GO_OS[nodePlatform] ?? nodePlatform;
}

export function define(command: Command, streams: Streams): void {
  command
    .option("--client", "only the version of this program, without asking a cluster", false)
    .addOption(new Option("-o, --output <format>", "output format").choices(["json"]))
    .action((options: VersionOptions) => {
      streams.out(options.output === "json" ? clientJson() : clientLine());
    });
}

function clientLine(): string {
  const runtime = `compiled with node ${process.version}`;
  return `cilium-cli: v${buildVersion} ${runtime} on ${goOs(platform())}/${goArch(arch())}\n`;
}

function clientJson(): string {
  const client = {
    Version: buildVersion,
    NodeRuntimeVersion: process.version,
    OS: goOs(platform()),
    Arch: goArch(arch()),
  };
  return `${JSON.stringify({ Client: client }, null, 2)}\n`;
}
