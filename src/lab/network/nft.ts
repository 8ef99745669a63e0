import { spawn } from "node:child_process";
import { once } from "node:events";
import { AppError, ConfigError } from "#base";
import { type NamespaceRef, withNamespace } from "#netlink";

/** What nft may say about a ruleset that it refuses. */
const MAX_COMPLAINT = 2_000;

/** Gives `ruleset` to nft in a namespace: one transaction, made whole or not at all. */
export async function applyRuleset(namespace: NamespaceRef, ruleset: string): Promise<void> {
  // The child begins in the namespace of the thread that makes it.
  const child = withNamespace(namespace, () =>
    spawn("nft", ["-f", "-"], { stdio: ["pipe", "ignore", "pipe"] }),
  );
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text;
  });
  // It may end without having read all; its status says why.
  child.stdin.on("error", () => {});
  child.stdin.end(ruleset);
  try {
    const [status] = (await once(child, "close")) as [number | null];
    if (status === 0) return;
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (!isMissing) throw AppError.wrap("running nft", cause);
    throw new ConfigError("nft", "the program is missing: install the package nftables", { cause });
  }
  throw new AppError("nft", `nft refuses a ruleset: ${complaint.slice(0, MAX_COMPLAINT).trim()}`);
}
