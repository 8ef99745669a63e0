import type { Command } from "commander";
import type { Streams } from "../../program.ts";
import { defineCheck } from "./check-command.ts";

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
  defineCheck(command, streams, {
    description: DESCRIPTION,
    examples: EXAMPLES,
    more: () => [],
  });
}
