import type { Command } from "commander";
import { ExitStatus, type Streams } from "../../program.ts";
import {
  addClusterOptions,
  addFilesArgument,
  addOutputOption,
  type ClusterSettings,
  jsonText,
  runCall,
} from "./call.ts";
import { EXIT_FINDINGS } from "./exit-codes.ts";

const DESCRIPTION = `Check the expectations that are kept beside the manifests, for a repository's CI.

Expectations are objects of our own; a cluster never sees them:

  apiVersion: ciliate.io/v1
  kind: PolicyTest
  metadata: {name: shop}
  spec:
    cases:
    - {from: shop/web, to: shop/db, port: 5432, expect: denied}
    - {from: shop/web, to: dns, port: 53, expect: allowed, because: web-dns}
    - name: nobody deletes
      from: shop/web
      to: shop/api
      port: 80
      http: {method: DELETE, path: /orders/1, host: api, headers: {X-Token: x}}
      expect: denied
    - name: names are looked up
      from: shop/web
      to: kube-system/dns
      port: 53
      protocol: UDP
      dns: example.org
      expect: allowed

protocol is TCP where it is not given; because is the name of a policy that must
be among those behind the verdict.`;

const EXAMPLES = `
Examples:
  cilium policy test deploy/
  cilium policy test deploy/ tests/policy.yaml -o junit > policy.xml

Exit codes: 0 all hold, 1 one does not, 2 a file cannot be understood or there are no cases.`;

interface TestOptions extends ClusterSettings {
  output?: "json" | "junit";
}

export function define(command: Command, streams: Streams): void {
  command.description(DESCRIPTION).addHelpText("after", EXAMPLES);
  addFilesArgument(command);
  addClusterOptions(addOutputOption(command, ["json", "junit"])).action(
    (files: string[], options: TestOptions) =>
      runCall(streams, () => runTests(files, options, streams)),
  );
}

async function runTests(
  files: readonly string[],
  options: TestOptions,
  streams: Streams,
): Promise<void> {
  const { judgeTests } = await import("./judge-tests.ts");
  const outcomes = await judgeTests(files, options, streams);
  const { junitText, outcomesJson, tapText } = await import("./test-report.ts");
  if (options.output === "junit") streams.out(junitText(outcomes));
  else if (options.output === "json") {
    streams.out(jsonText(outcomesJson(outcomes)));
  } else streams.out(tapText(outcomes));
  if (outcomes.some(({ isOk }) => !isOk)) throw new ExitStatus(EXIT_FINDINGS);
}
