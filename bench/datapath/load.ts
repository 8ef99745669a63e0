import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AppError, type IpAddress } from "#base";
import type { NamespaceRef } from "#netlink";
import { cacheFolder, root } from "../../tools/lib/files.ts";

const SOURCE = join(root, "bench/datapath/load.c");
const FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra"];
const PORT = 80;
const NS_PER_SECOND = 1e9;

/** One connection with one request at a time; a connection for each; or one way, all that goes. */
export type LoadMode = "rr" | "crr" | "stream";

interface LoadOptions {
  readonly mode: LoadMode;
  readonly client: NamespaceRef;
  readonly server: NamespaceRef;
  /** The server's. */
  readonly address: IpAddress;
  readonly ms: number;
}

interface Load {
  /** Requests, or bytes. */
  readonly perSecond: number;
  /** Of a request; of connecting, for crr. */
  readonly medianNs: number;
}

/** Compiles the load generator, unless this very one was compiled before. */
export function compileLoad(): string {
  const hash = createHash("sha256").update(readFileSync(SOURCE)).digest("hex").slice(0, 16);
  const folder = join(cacheFolder(), "bench-datapath");
  const program = join(folder, `load-${hash}`);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  execFileSync("cc", [...FLAGS, "-o", unfinished, SOURCE]);
  renameSync(unfinished, program);
  return program;
}

/** Both ends on the last CPU: interrupts come to the first as a rule. */
export function runLoad(program: string, options: LoadOptions): Promise<Load> {
  const { mode, client, server, address, ms } = options;
  const cpu = availableParallelism() - 1;
  const args = [mode, cpu, ms, address.family, address.toString(), PORT].map(String);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", client.fd, server.fd] });
  let output = "";
  let complaint = "";
  child.stdout?.on("data", (chunk) => (output += String(chunk)));
  child.stderr?.on("data", (chunk) => (complaint += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      const [count = 0, elapsedNs = 0, medianNs = 0] = output.split(" ").map(Number);
      if (status === 0 && count > 0)
        resolve({ perSecond: (count / elapsedNs) * NS_PER_SECOND, medianNs });
      else reject(new AppError("load", `load ${args.join(" ")} failed: ${complaint.trim()}`));
    });
  });
}
