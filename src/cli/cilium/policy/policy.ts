import { type Command, CommanderError } from "commander";
import { addCommands, type CommandEntry, type Streams } from "../../program.ts";
import { EXIT_USAGE } from "./exit-codes.ts";

const COMMANDS: readonly CommandEntry[] = [
  {
    name: "validate",
    summary: "tell what is wrong in manifests, with file and line",
    load: () => import("./validate.ts"),
  },
  {
    name: "lint",
    summary: "tell what is valid and still not what was meant",
    load: () => import("./lint.ts"),
  },
  {
    name: "matrix",
    summary: "draw which pod reaches which, on every port",
    load: () => import("./matrix.ts"),
  },
  {
    name: "verdict",
    summary: "answer whether one connection or request passes, or many",
    load: () => import("./verdict.ts"),
  },
  {
    name: "explain",
    summary: "tell why a connection passes or not, and what would allow it",
    load: () => import("./explain.ts"),
  },
  {
    name: "test",
    summary: "check the expectations that are kept beside the manifests",
    load: () => import("./test-command.ts"),
  },
];

const DESCRIPTION = `Check and ask network policies without a cluster.

Reads manifests of pods, namespaces, services and policies: NetworkPolicy,
CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, CiliumCIDRGroup. A file is
YAML or JSON and may have several documents or a List; it may be a folder, or -
for standard input. A pod's address is its status.podIP where that is given.`;

const EXAMPLES = `
Examples:
  cilium policy validate deploy/
  cilium policy matrix pods.yaml policies.yaml
  kubectl get pods,ns,svc,netpol,cnp,ccnp -A -o yaml | cilium policy matrix -
  cilium policy verdict deploy/ --from shop/web --to shop/db --port 5432
  cilium policy explain deploy/ --from shop/web --to shop/db --port 5432

Exit codes: 0 fine, 1 something is wrong with the policies, 2 the call or a file
cannot be understood.`;

export function define(command: Command, streams: Streams): void {
  command
    .description(DESCRIPTION)
    .summary("Check and ask network policies in manifests, without a cluster")
    .helpCommand(false)
    .usage("COMMAND FILES...")
    .addHelpText("after", EXAMPLES)
    .exitOverride((error) => {
      const status = error.exitCode === 0 ? 0 : EXIT_USAGE;
      throw new CommanderError(status, error.code, error.message);
    });
  addCommands(command, COMMANDS, streams);
}
