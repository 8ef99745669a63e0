/** An unmodified kubectl, as tests: what people type, and the hands-on exercise. */
import { accessSync, constants, copyFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Cluster } from "../cluster.ts";
import { exerciseChapters } from "./hands-on-exercise.ts";
import { kubectlChapters } from "./kubectl-chapters.ts";
import { type Shell, take } from "./step.ts";

const MANIFESTS = join(import.meta.dirname, "testdata");
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

/** A folder to type in, with the manifests and a kubeconfig of its own. */
function openShell(cluster: Cluster): Shell {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-kubectl-"));
  cpSync(MANIFESTS, folder, { recursive: true });
  const kubeconfig = join(folder, "kubeconfig");
  copyFileSync(cluster.kubeconfig, kubeconfig);
  return { folder, variables: { KUBECONFIG: kubeconfig, HOME: folder } };
}

export function defineKubectlChapters(cluster: () => Cluster): void {
  const skip = hasKubectl() ? false : "kubectl is not on the PATH";
  describe("kubectl", { skip }, () => {
    let shell: Shell = { folder: "", variables: {} };
    before(() => {
      shell = openShell(cluster());
    });
    after(() => rmSync(shell.folder, { recursive: true }));
    for (const { title, steps } of [...kubectlChapters, ...exerciseChapters]) {
      test(title, { timeout: CHAPTER_TIMEOUT_MS }, async () => {
        for (const step of steps) await take(shell, step);
      });
    }
  });
}
