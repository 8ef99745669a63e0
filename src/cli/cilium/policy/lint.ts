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

const DESCRIPTION = `Tell what is valid and still hardly what was meant: one line for each finding.

  FILE:LINE: KIND/NAME: FIELD: MESSAGE [CODE]

Among them: selectors that select nothing, L7 rules that another policy leaves
without effect, names without DNS, policies shadowed by a deny, default deny
without DNS. Name the pods and namespaces too: without them no selector selects
anything. What is invalid is told as well.`;

const EXAMPLES = `
Examples:
  cilium policy lint deploy/
  kubectl get pods,ns,svc,netpol,cnp,ccnp -A -o yaml | cilium policy lint -

Exit codes: 0 no errors, 1 errors (with --strict: or warnings), 2 a file cannot be read.`;

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addOutputOption(command, ["json"]).option("--strict", "exit 1 for warnings too", false);
  addClusterOptions(command).action((files: string[], options: ReportOptions & ClusterSettings) =>
    runCall(streams, () => lint(files, options, streams)),
  );
}

async function lint(
  files: readonly string[],
  options: ReportOptions & ClusterSettings,
  streams: Streams,
): Promise<void> {
  const { checkManifests } = await import("./check.ts");
  const { reportFindings } = await import("./report-findings.ts");
  const { loaded, cluster, findings } = await checkManifests(files, options, streams);
  reportFindings([...findings, ...cluster.lint()], loaded, options, streams);
}
