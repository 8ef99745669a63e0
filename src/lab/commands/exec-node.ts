/** A program in a node: in its network, its mounts and its cgroup. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { AppError } from "#base";
import { nodePlace } from "#lab/network";
import { hasNodeMounts, inNodeMounts } from "../node/mounts.ts";
import { networkOf } from "../state/addresses.ts";
import { needNode } from "../state/settings.ts";
import { openLab } from "./access.ts";

const JOIN_CGROUP = 'echo 0 > "$1/cgroup.procs" && shift && exec "$@"';
/** What ends this process is for the program to be told of. */
const FORWARDED = ["SIGTERM", "SIGHUP"] as const;
/** A terminal tells both of these; it is the program's to say what comes of them. */
const IGNORED = ["SIGINT", "SIGQUIT"] as const;

/** Runs it with this process's standard streams; answers its exit code. */
export async function execInNode(
  name: string,
  node: string,
  command: readonly string[],
): Promise<number> {
  const { places, settings } = openLab(name);
  const { isStopped } = needNode(settings, node);
  const option = name === "lab" ? "" : ` --name ${name}`;
  if (isStopped || !hasNodeMounts(places, node)) {
    const call = isStopped ? `cilium lab node start ${node}${option}` : `cilium lab up${option}`;
    throw new AppError("stopped", `Node ${node} does not run: "${call}" starts it.`);
  }
  const { namespaceName, cgroupFolder } = nodePlace(networkOf(settings, places), node);
  const joined = ["sh", "-c", JOIN_CGROUP, "sh", cgroupFolder, ...command];
  const [program = "", ...args] = inNodeMounts(places, node, joined, namespaceName);
  return await exitCodeOf(spawn(program, args, { stdio: "inherit", cwd: "/" }));
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  for (const signal of IGNORED) process.on(signal, () => {});
  return new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(AppError.wrap("entering the node", cause)));
    // As a shell tells of a program that was killed.
    child.once("exit", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}
