// What `npm run bpf` writes into src/abi, out of the objects in bpf/obj.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { CollectionSpec } from "#ebpf/spec";
import { type AbiObject, GENERATED, renderAbi } from "./bpf/abi.ts";
import { packageCommand } from "./lib/process.ts";

const OBJECT_NAME = /^(.+)\.bpf\.o$/;
const FOLDER = "src/abi";

interface GeneratedFile {
  /** From the root. */
  path: string;
  text: string;
}

/** The files as they are to be; nothing is written. */
export function generateAbi(root: string): GeneratedFile[] {
  const folder = join(root, "bpf/obj");
  const objects = readdirSync(folder)
    .toSorted()
    .flatMap((file): AbiObject[] => {
      const name = OBJECT_NAME.exec(file)?.[1];
      if (name === undefined) return [];
      return [{ name, spec: CollectionSpec.parse(readFileSync(join(folder, file)), file) }];
    });
  return [...renderAbi(objects)].map(([file, text]) => {
    const path = `${FOLDER}/${file}`;
    return { path, text: formatted(path, text) };
  });
}

/** Generated files of earlier, whose objects are gone. */
export function strayAbi(root: string, files: readonly GeneratedFile[]): string[] {
  const current = new Set(files.map(({ path }) => path));
  return readdirSync(join(root, FOLDER))
    .map((file) => `${FOLDER}/${file}`)
    .filter((path) => path.endsWith(".ts") && !current.has(path))
    .filter((path) => readFileSync(join(root, path), "utf8").startsWith(GENERATED));
}

/** As `npm run format` would leave it. */
function formatted(path: string, text: string): string {
  const [program, ...args] = packageCommand("biome", "format", `--stdin-file-path=${path}`);
  const { status, stdout, stderr } = spawnSync(program, args, { input: text, encoding: "utf8" });
  if (status !== 0) throw new AppError("format", `${path} cannot be formatted: ${stderr}\n${text}`);
  return stdout;
}
