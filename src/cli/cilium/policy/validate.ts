import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  runCall,
} from "./call.ts";
import type { ReportOptions } from "./report-findings.ts";

const DESCRIPTION = `Tell what is wrong in manifests: one line for each finding.

  FILE:LINE: KIND/NAME: FIELD: MESSAGE [CODE]

Errors are what a cluster would refuse; warnings are what it would ignore, such
as fields that nobody knows, and what Cilium understands differently.`;

const EXAMPLES = `
Examples:
  cilium policy validate deploy/
  cilium policy validate --strict policies.yaml      warnings count as errors
  helm template chart | cilium policy validate -

Exit codes: 0 valid, 1 something is not, 2 a file cannot be read.`;

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addOutputOption(command, ["json"]).option("--strict", "exit 1 for warnings too", false);
  addClusterOptions(command).action((files: string[], options: ReportOptions & ClusterSettings) =>
    runCall(streams, () => validate(files, options, streams)),
  );
}

async function validate(
  files: readonly string[],
  options: ReportOptions & ClusterSettings,
  streams: Streams,
): Promise<void> {
  const { checkManifests } = await import("./check.ts");
  const { reportFindings } = await import("./report-findings.ts");
  const { loaded, findings } = await checkManifests(files, options, streams);
  reportFindings(findings, loaded, options, streams);
}
