import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  runCall,
} from "./call.ts";

/** Where the output is no terminal, and so has no width of its own. */
const DEFAULT_WIDTH = 100;

const DESCRIPTION = `Draw which pod reaches which, on every port and protocol that the target's
containers declare.

Rows connect, columns are connected to. Where there are many pods, those that
behave alike share a row.`;

const EXAMPLES = `
Examples:
  cilium policy matrix pods.yaml policies.yaml
  kubectl get pods,ns,svc,netpol,cnp,ccnp -A -o yaml | cilium policy matrix -
  cilium policy matrix deploy/ -o json | jq '.verdicts[] | select(.verdict == "denied")'

-o json: {"verdicts": [{"from", "to", "protocol", "port", "verdict", "egress", "ingress",
"because": [{"direction", "kind", "namespace", "name", "rule", "effect"}]}]}`;

interface MatrixOptions extends ClusterSettings {
  output?: "json";
}

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addClusterOptions(addOutputOption(command, ["json"])).action(
    (files: string[], options: MatrixOptions) =>
      runCall(streams, () => matrix(files, options, streams)),
  );
}

async function matrix(
  files: readonly string[],
  options: MatrixOptions,
  streams: Streams,
): Promise<void> {
  const { openSession, hasColour } = await import("./session.ts");
  const { cluster } = await openSession(files, options, streams);
  const verdicts = cluster.matrix();
  if (options.output === "json") {
    const { printVerdicts } = await import("./verdicts-json.ts");
    printVerdicts(verdicts, streams);
    return;
  }
  const { drawMatrix } = await import("./matrix-picture.ts");
  const width = streams.terminalColumns ?? DEFAULT_WIDTH;
  streams.out(drawMatrix(verdicts, { width, hasColour: hasColour(streams) }));
}
