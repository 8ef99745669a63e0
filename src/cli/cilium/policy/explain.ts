import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  jsonText,
  runCall,
} from "./call.ts";
import { addFlowOptions, flowQuestion, type FlowOptions, PARTY_HELP } from "./flow-options.ts";

const DESCRIPTION = `Tell why a connection or request passes or not.

Names every rule that selects either side, what it says about the connection and
which decided; for a denial, which direction lacks an allow, and the smallest
change that would allow it.`;

const EXAMPLES = `${PARTY_HELP}

Examples:
  cilium policy explain deploy/ --from shop/web --to shop/db --port 5432
  cilium policy explain deploy/ --from shop/web --to shop/api --port 80 --http "POST /users"`;

interface ExplainOptions extends ClusterSettings, FlowOptions {
  output?: "json";
}

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addFlowOptions(command, true);
  addClusterOptions(addOutputOption(command, ["json"])).action(
    (files: string[], options: ExplainOptions) =>
      runCall(streams, () => explain(files, options, streams)),
  );
}

async function explain(
  files: readonly string[],
  options: ExplainOptions,
  streams: Streams,
): Promise<void> {
  const question = flowQuestion(options);
  const { openSession, hasColour } = await import("./session.ts");
  const { cluster } = await openSession(files, options, streams);
  const explanation = cluster.explain(question);
  if (options.output === "json") {
    streams.out(jsonText(explanation));
    return;
  }
  const { explanationText } = await import("./explanation-text.ts");
  const placeOf = cluster.placeOf.bind(cluster);
  streams.out(explanationText(question, explanation, { hasColour: hasColour(streams), placeOf }));
}
