/** What `validate` and `lint` have in common: manifests in, one line for each finding out. */
import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  runCall,
} from "./call.ts";
import type { PolicyCluster } from "./cluster.ts";
import type { LocatedFinding } from "./findings.ts";
import type { ReportOptions } from "./report-findings.ts";

interface Check {
  readonly description: string;
  readonly examples: string;
  /** What is told beside what is invalid. */
  more(cluster: PolicyCluster): readonly LocatedFinding[];
}

type CheckOptions = ReportOptions & ClusterSettings;

export function defineCheck(command: Command, streams: Streams, check: Check): void {
  command.description(check.description).addHelpText("after", check.examples);
  addFilesArgument(command);
  addOutputOption(command, ["json"]).option("--strict", "exit 1 for warnings too", false);
  addClusterOptions(command).action((files: string[], options: CheckOptions) =>
    runCall(streams, () => run(files, options, streams, check)),
  );
}

async function run(
  files: readonly string[],
  options: CheckOptions,
  streams: Streams,
  check: Check,
): Promise<void> {
  const { checkManifests } = await import("./check.ts");
  const { reportFindings } = await import("./report-findings.ts");
  const { loaded, cluster, findings } = await checkManifests(files, options, streams);
  reportFindings([...findings, ...check.more(cluster)], loaded, options, streams);
}
