import type { Command } from "commander";
import { addCommands, type CommandEntry, type Streams } from "../../program.ts";

const COMMANDS: readonly CommandEntry[] = [
  { name: "up", summary: "make a cluster, or start what is there", load: () => import("./up.ts") },
  {
    name: "down",
    summary: "take a cluster away, and leave nothing",
    load: () => import("./down.ts"),
  },
  {
    name: "status",
    summary: "show what there is and how it is",
    load: () => import("./status.ts"),
  },
  {
    name: "node",
    summary: "add, stop, start, remove, partition and delay nodes; exec",
    load: () => import("./node.ts"),
  },
  {
    name: "internet",
    summary: "add hosts to the internet that the cluster sees",
    load: () => import("./internet.ts"),
  },
  {
    name: "kubeconfig",
    summary: "print a kubeconfig of this cluster alone",
    load: async () => (await import("./kubeconfig.ts")).kubeconfigCommand,
  },
  {
    name: "env",
    summary: "print what a shell needs: eval $(cilium lab env)",
    load: async () => (await import("./kubeconfig.ts")).envCommand,
  },
  {
    name: "logs",
    summary: "print what the lab's processes or a pod say",
    load: () => import("./logs.ts"),
  },
  { name: "apply", summary: "apply manifests, without kubectl", load: () => import("./apply.ts") },
  { name: "get", summary: "list objects, without kubectl", load: () => import("./get.ts") },
  { name: "delete", summary: "delete objects, without kubectl", load: () => import("./delete.ts") },
  {
    name: "exec",
    summary: "run a command in a pod, without kubectl",
    load: () => import("./exec.ts"),
  },
  // What a lab consists of: started by `up`, and never by hand.
  {
    name: "run",
    summary: "be the supervisor of a lab",
    isHidden: true,
    load: async () => (await import("./processes.ts")).supervisorCommand,
  },
  {
    name: "control-plane",
    summary: "be the control plane of a lab",
    isHidden: true,
    load: async () => (await import("./processes.ts")).controlPlaneCommand,
  },
  {
    name: "kubelet",
    summary: "be the kubelet of a node of a lab",
    isHidden: true,
    load: async () => (await import("./processes.ts")).kubeletCommand,
  },
];

const DESCRIPTION = `Run a whole Kubernetes cluster on this machine, in seconds: an API server,
a scheduler, nodes in network namespaces, pods that are processes of this
machine. No Docker, no virtual machine, no registry. Needs Linux and root.

The cluster keeps running when the command returns; kubectl finds it as context
ciliate-NAME. Several labs may run side by side, under different names.`;

const EXAMPLES = `
Examples:
  cilium lab up --nodes 3
  kubectl get pods -A -o wide
  cilium lab node partition node2
  cilium lab down --all`;

export function define(command: Command, streams: Streams): void {
  command
    .description(DESCRIPTION)
    .summary("Run a whole cluster on this machine")
    .helpCommand(false)
    .usage("COMMAND")
    .addHelpText("after", EXAMPLES);
  addCommands(command, COMMANDS, streams);
}
