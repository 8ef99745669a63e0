import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { spawn } from "node:child_process";
import { AppError } from "#base";

/** Replaces a file as a whole, so that a crash leaves the old one or the new one. */
function replaceFile(path: string, text: string | Buffer, mode = 0o644): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, "w", mode);
  try {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}

/** JSON of our own making; undefined where it is missing or, after a crash of the machine, broken. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}

export function writeJson(path: string, value: unknown): void {
  replaceFile(path, JSON.stringify(value));
}

/** Rewrites a file in place, for whoever has it bound over another. */
export function rewriteFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(path, text);
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimedOut: boolean;
}

interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs: number;
}

/** What a program may answer; the rest is dropped. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

/** Runs a short program to its end. That it cannot be started is an AppError. */
export function runCommand(
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      ...(options.environment === undefined ? {} : { env: options.environment }),
    });
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      // All that it started, by its group.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, options.timeoutMs);
    const [stdout, stderr] = [gather(child.stdout), gather(child.stderr)];
    child.once("error", (cause) => {
      clearTimeout(timer);
      reject(AppError.wrap(`running ${program}`, cause));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      const exitCode = code ?? (signal === null ? 255 : 128 + 9);
      resolve({ exitCode, stdout: stdout(), stderr: stderr(), isTimedOut });
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let length = 0;
  stream.on("data", (chunk: Buffer) => {
    if (length < MAX_OUTPUT_BYTES) chunks.push(chunk);
    length += chunk.length;
  });
  return () => Buffer.concat(chunks).subarray(0, MAX_OUTPUT_BYTES).toString("utf8");
}
