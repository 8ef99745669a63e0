import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import { defineCheck } from "./check-command.ts";

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
  defineCheck(command, streams, {
    description: DESCRIPTION,
    examples: EXAMPLES,
    more: (cluster) => cluster.lint(),
  });
}
