// npm run lab: a whole cluster on this machine, by `cilium lab` from the sources.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { noWords, runCommand, wholeNumber } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run lab [-- OPTIONS]            the same as "cilium lab up"
       npm run lab -- COMMAND [OPTIONS]    any other command of "cilium lab"
       npm run lab -- --datapath [--seconds N]

Starts a Kubernetes cluster on this machine, with a demo of three tiers, and shows what to try
next; run again, it says that the cluster is up. Needs root.

  npm run lab -- --nodes 3                 more nodes
  npm run lab -- status                    what there is
  npm run lab -- down                      take it away
  npm run lab -- up --help                 all options; "npm run lab -- node --help" and so on

  --datapath    no cluster, but a node with four pods: traffic, and what policies make of it
  --seconds N   how long that traffic flows (6)
`;

/** What people type after \`npm run lab --\` is for the command line, word for word. */
async function runLab(args: readonly string[]): Promise<number> {
  const isCommand = args[0] !== undefined && !args[0].startsWith("-");
  const words = ["lab", ...(isCommand ? [] : ["up"]), ...args];
  const program = ["--import", "tsx", join(root, "src/cli/cilium.ts"), ...words];
  const child = spawn(process.execPath, program, { stdio: "inherit", cwd: root });
  // The terminal sends Ctrl-C to both; this process only waits for the other's end.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const [status] = (await once(child, "close")) as [number | null];
  return status ?? 130;
}

async function showDatapath(seconds: number): Promise<number> {
  const { demonstrateDatapath } = await import("./lab/datapath.ts");
  await demonstrateDatapath(seconds);
  console.log("\nEverything is taken away again. Next:");
  console.log("    npm run lab                   a whole cluster on this machine");
  console.log("    npm run bench -- datapath     how fast it is beside plain routed pods");
  console.log("    less bpf/README.md            what a packet meets");
  return 0;
}

const args = process.argv.slice(2);
const isHelp = args.length === 1 && ["--help", "-h"].includes(args[0] ?? "");
if (isHelp || args.includes("--datapath")) {
  const options = {
    datapath: { type: "boolean", default: false },
    seconds: { type: "string", default: "6" },
  } as const;
  await runCommand({ help, options }, async (values, words) => {
    noWords(words);
    return showDatapath(wholeNumber("--seconds", values.seconds, 1));
  });
} else {
  process.exitCode = await runLab(args);
}
