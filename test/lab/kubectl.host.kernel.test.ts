/** An unmodified kubectl against a lab: what people type, and the hands-on exercise. */
import { execFile } from "node:child_process";
import { accessSync, constants, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { exerciseChapters } from "./hands-on-exercise.ts";
import { kubectlChapters } from "./kubectl-chapters.ts";
import { type Shell, take } from "./step.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli/cilium.ts", import.meta.url));
const MANIFESTS = join(import.meta.dirname, "testdata");
const NAME = `kubectl-${process.pid}`;
const UP_TIMEOUT_MS = 60_000;
const CHAPTER_TIMEOUT_MS = 90_000;

function hasKubectl(): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, "kubectl"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function lab(shell: Shell, ...args: string[]): Promise<void> {
  const env = { ...process.env, ...shell.variables };
  const words = ["--import", "tsx", PROGRAM, "lab", ...args, "--name", NAME];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { env, timeout: UP_TIMEOUT_MS }, (error, out, err) => {
      if (error === null) resolve();
      else reject(new Error(`lab ${args.join(" ")}: ${out}${err}`, { cause: error }));
    });
  });
}

/** A folder to type in, with the manifests and a kubeconfig of its own. */
function openShell(): Shell {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-kubectl-"));
  cpSync(MANIFESTS, folder, { recursive: true });
  return { folder, variables: { KUBECONFIG: join(folder, "kubeconfig"), HOME: folder } };
}

if (hasKubectl()) {
  const shell = openShell();

  test("a lab of two nodes comes up", { timeout: UP_TIMEOUT_MS }, async () => {
    await lab(shell, "up", "--nodes", "2", "--no-demo");
  });

  for (const { title, steps } of [...kubectlChapters, ...exerciseChapters]) {
    test(title, { timeout: CHAPTER_TIMEOUT_MS }, async () => {
      for (const step of steps) await take(shell, step);
    });
  }

  // A test and no hook, which the end of the process would not wait for.
  test("the lab goes down", { timeout: UP_TIMEOUT_MS }, async () => {
    await lab(shell, "down");
    rmSync(shell.folder, { recursive: true });
  });
} else {
  test("kubectl against a lab", { skip: "kubectl is not on the PATH" });
}
