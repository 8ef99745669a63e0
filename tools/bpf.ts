// npm run bpf: compiles the programs in C, and writes what TypeScript has to know of them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, bytesEqual } from "#base";
import { type Compiled, compile, compilerVersion, flags, sha256 } from "./bpf/compile.ts";
import { type Group, groups, manifestPath, sourcesOf } from "./bpf/groups.ts";
import { formatManifest, type Manifest, readManifest, staleObjects } from "./bpf/manifest.ts";
import { generateAbi, strayAbi } from "./bpf2ts.ts";
import { runCommand, usageError } from "./lib/command.ts";
import { projectFiles, root } from "./lib/files.ts";
import { announce } from "./lib/progress.ts";

const help = `
Usage: npm run bpf -- [--check]

Compiles ${groups.map(({ sources }) => `${sources}/*.bpf.c`).join(" and ")} with clang-19, and generates
src/abi from the types in bpf/obj. All of it is committed: nobody else needs a compiler.

  --check   change nothing, and fail when something would change; without clang-19, compare only
            the hashes of the sources
`;

function read(path: string): Buffer | undefined {
  const absolute = join(root, path);
  return existsSync(absolute) ? readFileSync(absolute) : undefined;
}

function write(path: string, content: string | Uint8Array): void {
  const absolute = join(root, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, content);
}

function manifestOf(compiler: string, compiled: readonly Compiled[]): Manifest {
  const objects = Object.fromEntries(compiled.map(({ name, entry }) => [name, entry]));
  return { compiler, flags, objects };
}

async function build(group: Group, compiler: string): Promise<void> {
  const sources = sourcesOf(group, projectFiles());
  const compiled = await compile(sources);
  const before = readManifest(read(manifestPath(group))?.toString() ?? "", "");
  const old = typeof before === "string" ? [] : Object.keys(before.objects);
  for (const name of old) rmSync(join(root, group.objects, name), { force: true });
  for (const { name, bytes } of compiled) {
    write(`${group.objects}/${name}`, bytes);
    console.log(`${group.objects}/${name}  ${bytes.length} bytes`);
  }
  if (sources.length > 0) {
    write(manifestPath(group), formatManifest(manifestOf(compiler, compiled)));
  }
}

/** What compiling again gives otherwise; nothing where another compiler made the objects. */
async function differences(group: Group, compiler: string): Promise<string[]> {
  const path = manifestPath(group);
  const manifest = readManifest(read(path)?.toString() ?? "", path);
  if (typeof manifest === "string") return [];
  if (manifest.compiler !== compiler) {
    console.log(
      `${path}: made by ${manifest.compiler}, and here is ${compiler}: only the sources are compared`,
    );
    return [];
  }
  const compiled = await compile(sourcesOf(group, projectFiles()));
  const changed = compiled.filter(({ name, bytes }) => {
    const there = read(`${group.objects}/${name}`);
    return there === undefined || !bytesEqual(there, bytes);
  });
  const sentences = changed.map(
    ({ name }) => `${group.objects}/${name}: compiling it again gives other bytes`,
  );
  const isCurrent = formatManifest(manifest) === formatManifest(manifestOf(compiler, compiled));
  return isCurrent ? sentences : [...sentences, `${path}: it is not what compiling gives`];
}

async function check(): Promise<number> {
  const stale = staleObjects({
    paths: projectFiles(),
    text: (path) => read(path)?.toString(),
    sha256: (path) => {
      const bytes = read(path);
      return bytes === undefined ? undefined : sha256(bytes);
    },
  });
  const sentences = stale.map(({ path, message }) => `${path}: ${message}`);
  const compiler = await compilerVersion();
  if (compiler === undefined) console.log("No clang-19 here: only the sources are compared");
  else if (stale.length === 0) {
    for (const group of groups) sentences.push(...(await differences(group, compiler)));
  }
  const files = generateAbi(root);
  const changed = files.filter(({ path, text }) => read(path)?.toString() !== text);
  for (const path of [...changed.map((file) => file.path), ...strayAbi(root, files)]) {
    sentences.push(`${path}: it is not what the objects say: run "npm run bpf"`);
  }
  for (const sentence of sentences) console.error(sentence);
  if (sentences.length === 0) console.log("Objects and src/abi are current");
  return sentences.length > 0 ? 1 : 0;
}

function writeAbi(): void {
  const files = generateAbi(root);
  for (const { path, text } of files) {
    write(path, text);
    console.log(path);
  }
  for (const path of strayAbi(root, files)) rmSync(join(root, path));
}

await runCommand(
  { help, options: { check: { type: "boolean", default: false } } },
  async (values, [word]) => {
    if (word !== undefined) throw usageError(`"${word}" is one word too many`);
    if (values.check) return announce("Compiling", check);
    const compiler = await compilerVersion();
    if (compiler === undefined) {
      throw new AppError(
        "no-program",
        'there is no clang-19: run "npm run bpf", which installs it',
      );
    }
    for (const group of groups) await announce("Compiling", () => build(group, compiler));
    writeAbi();
    return 0;
  },
);
