import type { ProgramSpec } from "../program.ts";

/** Every command of `cilium`, in the order in which `--help` lists them. */
export const ciliumProgram: ProgramSpec = {
  name: "cilium",
  description: "Installs, watches and asks Cilium in a Kubernetes cluster",
  versionCall: ["version", "--client"],
  commands: [
    {
      name: "lab",
      summary: "Run a whole cluster on this machine",
      load: () => import("./lab/lab.ts"),
    },
    {
      name: "policy",
      summary: "Check and ask network policies in manifests, without a cluster",
      load: () => import("./policy/policy.ts"),
    },
    {
      name: "version",
      summary: "Display detailed version information",
      load: () => import("./version.ts"),
    },
  ],
};
