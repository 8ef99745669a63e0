import type { Command } from "commander";
import { Option } from "commander";
import { AppError } from "#base";
import { ExitStatus, type Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  runCall,
} from "./call.ts";
import { EXIT_FINDINGS } from "./exit-codes.ts";
import { addFlowOptions, type FlowOptions, PARTY_HELP } from "./flow-options.ts";
import type { FlowQuestion, Outcome, Verdict } from "#policy";
import type { PolicyCluster } from "./cluster.ts";

const DESCRIPTION = `Answer whether one connection or request passes, and by which rules; or, with
--probes, whether many do.`;

const EXAMPLES = `${PARTY_HELP}

Examples:
  cilium policy verdict deploy/ --from shop/web --to shop/db --port 5432
  cilium policy verdict deploy/ --from shop/web --to shop/api --port 80 --http "GET /users" --host api
  cilium policy verdict deploy/ --from shop/web --to api.example.com --port 443
  cilium policy verdict deploy/ --from shop/web --to world --port 53 --protocol UDP --dns example.org
  cilium policy verdict deploy/ --from shop/web --to shop/db --port 22 --expect denied
  cilium policy verdict - --probes probes.jsonl -o json < cluster.yaml

-o json is as of matrix: {"verdicts": [...]}, for one question too.
A probe is a line {"from": "shop/web", "to": "10.0.0.1", "protocol": "TCP", "port": 443}; the
answers come in the same order. Either the manifests or the probes may be - (standard input).
The exit code is 0 whatever the verdict, but for --expect.`;

interface VerdictOptions extends ClusterSettings, Partial<FlowOptions> {
  protocol: string;
  header: string[];
  output?: "json";
  probes?: string;
  expect?: Outcome;
}

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addFlowOptions(command, false)
    .option("--probes <file>", "questions as JSON lines, in the place of --from, --to and --port")
    .addOption(
      new Option("--expect <verdict>", "exit 1 where the verdict is another").choices([
        "allowed",
        "denied",
      ]),
    );
  addClusterOptions(addOutputOption(command, ["json"])).action(
    (files: string[], options: VerdictOptions) =>
      runCall(streams, () => answer(files, options, streams)),
  );
}

async function answer(
  files: readonly string[],
  options: VerdictOptions,
  streams: Streams,
): Promise<void> {
  const questions = await questionsOf(files, options, streams);
  const { openSession } = await import("./session.ts");
  const { cluster } = await openSession(files, options, streams);
  const verdicts = questions.map(({ question, where }) => ask(cluster, question, where));
  if (options.output === "json") {
    const { printVerdicts } = await import("./verdicts-json.ts");
    printVerdicts(verdicts, streams);
  } else {
    await print(questions, verdicts, cluster, options.probes !== undefined, streams);
  }
  const { expect } = options;
  if (expect !== undefined && verdicts.some(({ verdict }) => verdict !== expect)) {
    throw new ExitStatus(EXIT_FINDINGS);
  }
}

interface Asked {
  readonly question: FlowQuestion;
  /** Of a probe: `file:line`. */
  readonly where?: string;
}

async function questionsOf(
  files: readonly string[],
  options: VerdictOptions,
  streams: Streams,
): Promise<Asked[]> {
  const { from, to, port, probes } = options;
  if (probes === undefined) {
    if (from === undefined || to === undefined || port === undefined) {
      throw new AppError("usage", "Say --from, --to and --port, or --probes with many of them.");
    }
    const { flowQuestion } = await import("./flow-options.ts");
    return [{ question: flowQuestion({ ...options, from, to, port }) }];
  }
  if (from !== undefined || to !== undefined || port !== undefined) {
    throw new AppError("usage", "--probes takes the place of --from, --to and --port.");
  }
  if (isRequestNamed(options)) {
    throw new AppError("usage", "A probe is a connection: it goes with no --http and no --dns.");
  }
  const { readOne, STANDARD_INPUT } = await import("./manifests.ts");
  if (probes === STANDARD_INPUT && files.includes(STANDARD_INPUT)) {
    const way = "give the manifests or the probes as a file";
    throw new AppError("usage", `Manifests and probes cannot both be standard input: ${way}.`);
  }
  const { parseProbes } = await import("./probes.ts");
  const text = new TextDecoder().decode(await readOne(probes, streams));
  return parseProbes(text, probes === STANDARD_INPUT ? "<stdin>" : probes);
}

function isRequestNamed({ http, host, header, dns }: VerdictOptions): boolean {
  return http !== undefined || host !== undefined || header.length > 0 || dns !== undefined;
}

function ask(cluster: PolicyCluster, question: FlowQuestion, where?: string): Verdict {
  try {
    return cluster.verdict(question);
  } catch (error) {
    if (where === undefined || !(error instanceof AppError)) throw error;
    throw AppError.wrap(where, error);
  }
}

async function print(
  questions: readonly Asked[],
  verdicts: readonly Verdict[],
  cluster: PolicyCluster,
  isShort: boolean,
  streams: Streams,
): Promise<void> {
  const { verdictSentence, verdictText } = await import("./verdict-text.ts");
  const { hasColour } = await import("./session.ts");
  const colour = hasColour(streams);
  const placeOf = cluster.placeOf.bind(cluster);
  for (const [index, verdict] of verdicts.entries()) {
    const question = questions[index]?.question;
    if (question === undefined) continue;
    if (isShort) streams.out(`${verdictSentence(question, verdict, colour)}\n`);
    else streams.out(verdictText(question, verdict, { hasColour: colour, placeOf }));
  }
}
