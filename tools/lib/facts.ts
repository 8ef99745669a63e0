import { execFileSync } from "node:child_process";
import { arch, cpus, release } from "node:os";
import { AppError } from "#base";
import { root } from "./files.ts";

/** Where and of what a measurement or a soak was made: what a reader needs to judge it. */
interface Facts {
  /** `abc1234`, or `abc1234+changes` when the tree held something else; `unknown` without git. */
  commit: string;
  kernel: string;
  cpu: string;
  node: string;
}

/** What runs write themselves; being newer than the commit, it changes nothing about the run. */
const WRITTEN_BY_RUNS = ["test/results", "bench/results", "bench/plots", "bench/README.md"];

function git(...args: string[]): string {
  try {
    return execFileSync("git", ["-c", "safe.directory=*", ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n").slice(-2).join(" ").trim() : "";
    throw new AppError("git", `git ${args[0]} failed: ${why}`, { cause: error });
  }
}

/** Answers the commit, and whether the working tree is as the commit says. */
export function headCommit(): { commit: string; isClean: boolean } {
  const commit = git("rev-parse", "--short=10", "HEAD");
  const ignored = WRITTEN_BY_RUNS.map((path) => `:(exclude)${path}`);
  return { commit, isClean: git("status", "--porcelain", "--", ".", ...ignored) === "" };
}

/** A measurement is worth something without git too. */
function tellCommit(): { commit: string; isClean: boolean } {
  try {
    return headCommit();
  } catch (error) {
    if (error instanceof AppError) return { commit: "unknown", isClean: true };
    throw error;
  }
}

export function machineFacts(): Facts {
  const { commit, isClean } = tellCommit();
  const processors = cpus();
  const model = processors[0]?.model.trim() || arch();
  return {
    commit: isClean ? commit : `${commit}+changes`,
    kernel: release(),
    cpu: `${model}, ${processors.length} ${processors.length === 1 ? "thread" : "threads"}`,
    node: process.version,
  };
}
