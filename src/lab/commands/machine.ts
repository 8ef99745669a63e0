/** Whether this machine can have a lab, before anything is begun. */
import { AppError } from "#base";
import { spawnSync } from "node:child_process";

const NEEDED_PROGRAMS: Readonly<Record<string, string>> = {
  unshare: "util-linux",
  nsenter: "util-linux",
  mount: "mount",
  nft: "nftables",
};

export function checkMachine(): void {
  checkRoot();
  const missing = Object.keys(NEEDED_PROGRAMS).filter((program) => !isHere(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => NEEDED_PROGRAMS[program]))].join(" ");
  throw new AppError(
    "programs",
    `The lab needs ${missing.join(", ")}, which this machine does not have: "apt-get install ${packages}", or what they are called here.`,
  );
}

/** Enough for commands that change or ask a lab that is there. */
export function checkRoot(): void {
  if (process.platform !== "linux") {
    throw new AppError("platform", `The lab needs Linux, and this is ${process.platform}.`);
  }
  if (process.getuid?.() === 0) return;
  throw new AppError(
    "root",
    "The lab makes network namespaces and runs containers, so it needs root: run this with sudo.",
  );
}

function isHere(program: string): boolean {
  const folders = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
  const { status } = spawnSync("/bin/sh", ["-c", `command -v ${program}`], {
    env: { PATH: folders },
    stdio: "ignore",
  });
  return status === 0;
}
