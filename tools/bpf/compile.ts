import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "#base";
import { root } from "../lib/files.ts";
import { run } from "../lib/process.ts";
import { runSteps } from "../lib/steps.ts";
import { objectNameOf } from "./groups.ts";
import type { ManifestEntry } from "./manifest.ts";

const COMPILER = "clang-19";
const STRIP = "llvm-strip-19";
const MAX_PARALLEL = 2;

/**
 * What decides what comes out. Paths are from the root, where the compiler runs, so that objects
 * are the same on every machine.
 */
export const flags: readonly string[] = [
  "-target",
  "bpf",
  "-mcpu=v3",
  "-std=gnu23",
  "-O2",
  "-g",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wno-unused-parameter",
  "-fno-addrsig",
  "-fdebug-compilation-dir=.",
  "-Ibpf",
];

/** <asm/types.h>, which Debian keeps apart for each machine, and which says the same on all. */
const MACHINE_HEADERS: Readonly<Record<string, string>> = {
  x64: "/usr/include/x86_64-linux-gnu",
  arm64: "/usr/include/aarch64-linux-gnu",
};

export interface Compiled {
  name: string;
  bytes: Uint8Array;
  entry: ManifestEntry;
}

/** How the compiler names itself; undefined where there is none. */
export async function compilerVersion(): Promise<string | undefined> {
  const result = await run([COMPILER, "--version"]).catch(() => undefined);
  return result?.status === 0 ? result.output.split("\n")[0] : undefined;
}

/** Compiles the programs, and fails with what the compiler says of all of them. */
export async function compile(sources: readonly string[]): Promise<Compiled[]> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-bpf-"));
  const compiled = new Map<string, Compiled>();
  try {
    const results = await runSteps(
      sources.map((source) => ({
        name: source,
        run: async () => {
          const { failure, object } = await compileOne(source, folder);
          if (object !== undefined) compiled.set(source, object);
          return { isOk: failure === undefined, output: failure ?? "" };
        },
      })),
      MAX_PARALLEL,
    );
    const failures = results.filter(({ isOk }) => !isOk).map(({ output }) => output.trim());
    if (failures.length > 0) throw new AppError("compile", failures.join("\n\n"));
    return sources.flatMap((source) => compiled.get(source) ?? []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compileOne(
  source: string,
  folder: string,
): Promise<{ failure?: string; object?: Compiled }> {
  const name = objectNameOf(source);
  // Two folders may have programs of one name.
  const path = join(folder, source.replaceAll("/", "_"));
  const headers = MACHINE_HEADERS[process.arch] ?? "";
  const machine = existsSync(headers) ? ["-idirafter", headers] : [];
  const compiler = await run([
    COMPILER,
    ...flags,
    ...machine,
    "-MMD",
    `-MF${path}.d`,
    `-o${path}.o`,
    "-c",
    source,
  ]);
  if (compiler.status !== 0) return { failure: compiler.output };
  // The types stay, in sections of their own; relocations of what is about lines say nothing.
  const strip = await run([STRIP, "-g", "-R", ".rel.BTF.ext", `${path}.o`]);
  if (strip.status !== 0) return { failure: strip.output };
  const bytes = readFileSync(`${path}.o`);
  const sources = includedFiles(readFileSync(`${path}.d`, "utf8"));
  return { object: { name, bytes, entry: { sha256: sha256(bytes), sources: hashes(sources) } } };
}

/** The project's files in the rule for make that the compiler writes. */
export function includedFiles(rule: string): string[] {
  const words = rule
    .slice(rule.indexOf(":") + 1)
    .split(/[\s\\]+/)
    .filter((word) => word !== "" && !word.startsWith("/"));
  return [...new Set(words.map((word) => word.replace(/^\.\//, "")))].toSorted();
}

function hashes(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, sha256(readFileSync(join(root, path)))]));
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
