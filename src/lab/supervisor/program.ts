/** How this program starts itself again for the lab's hidden processes. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { AppError } from "#base";
import type { NodePlace } from "#lab/network";
import type { Places } from "../state/places.ts";
import { cutLog } from "./log-file.ts";
import { identify, type ProcessIdentity } from "./process-identity.ts";

/** The hidden commands of `cilium lab`. */
type HiddenCommand = "run" | "control-plane" | "kubelet";

interface HiddenProcess {
  /** What it is called in logs, file names and `cilium lab status`. */
  readonly name: string;
  readonly command: HiddenCommand;
  readonly args: readonly string[];
  /** Words before its own, which become it: where it is to run. */
  readonly enter?: readonly string[];
}

export const SUPERVISOR: HiddenProcess = { name: "supervisor", command: "run", args: [] };
export const CONTROL_PLANE: HiddenProcess = {
  name: "control-plane",
  command: "control-plane",
  args: [],
};

/** `enter` are words that lead into the node's mounts. */
export function kubeletProcess(
  { node, cgroupFolder }: NodePlace,
  enter: readonly string[],
): HiddenProcess {
  const args = ["--node", node, "--cgroup", cgroupFolder];
  return { name: `kubelet-${node}`, command: "kubelet", args, enter };
}

/** Node with the same options and the same entry: the bundle, or sources by tsx. */
function ownCall(): string[] {
  const entry = process.argv[1];
  if (entry === undefined) throw new AppError("internal", "This program has no file of its own.");
  // A package's name is found from the working folder, which is another one there.
  const options = process.execArgv.map((option) =>
    option === "tsx" ? import.meta.resolve("tsx") : option,
  );
  return [...options, entry];
}

/** Starts it apart from this process: in a session of its own, with its output in its log. */
export function startHidden(places: Places, hidden: HiddenProcess): Promise<ProcessIdentity> {
  const path = places.logFile(hidden.name);
  cutLog(path);
  const log = openSync(path, "a", 0o644);
  const own = [process.execPath, ...ownCall()];
  const words = [...own, "lab", hidden.command, "--name", places.name, ...hidden.args];
  const [program = "", ...args] = [...(hidden.enter ?? []), ...words];
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
  });
  closeSync(log);
  return new Promise((resolve, reject) => {
    child.once("error", (cause) =>
      reject(AppError.wrap(`starting ${hidden.name} of lab ${places.name}`, cause)),
    );
    child.once("spawn", () => {
      child.unref();
      const identity = child.pid === undefined ? undefined : identify(child.pid);
      if (identity !== undefined) resolve(identity);
      else reject(new AppError("start", `${hidden.name} ended at once: see ${path}.`));
    });
  });
}
