import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, formatMessages, type Metafile } from "esbuild";
import { root } from "./files.ts";

interface EntrySize {
  name: string;
  /** The entry's file and all that it imports statically, in bytes. */
  startBytes: number;
  /** The same with everything that it may import later. */
  allBytes: number;
}

export interface BudgetResult extends EntrySize {
  /** Undefined when nobody set one, which is a failure too. */
  budget: number | undefined;
}

const SHEBANG = "#!/usr/bin/env node\n";

/** CommonJS packages inside the bundle call `require` for Node's own modules. */
const REQUIRE_FOR_COMMONJS =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Builds `entryPoints` into `folder`, in the place of what was there, and answers their sizes.
 * All is built in memory first, so that a failing build leaves the old one as it is.
 */
export async function bundle(
  entryPoints: Readonly<Record<string, string>>,
  folder: string,
): Promise<EntrySize[]> {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  const { metafile, outputFiles, warnings } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entryPoints).map(([name, path]) => ({ in: path, out: name })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.20",
    chunkNames: "lib/[name]-[hash]",
    banner: { js: REQUIRE_FOR_COMMONJS },
    define: { CILIATE_VERSION: JSON.stringify(version) },
    // Names and lines stay as they are: stack traces are read more often than bytes are counted.
    minifySyntax: true,
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  for (const text of await formatMessages(warnings, { kind: "warning" })) console.warn(text);
  const entries = new Set(Object.keys(entryPoints).map((name) => join(folder, `${name}.js`)));
  rmSync(folder, { recursive: true, force: true });
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    if (entries.has(path)) {
      writeFileSync(path, Buffer.concat([Buffer.from(SHEBANG), contents]));
      chmodSync(path, 0o755);
    } else {
      writeFileSync(path, contents);
    }
  }
  return entrySizes(metafile, entryPoints, relative(root, folder));
}

type Outputs = Readonly<Record<string, Pick<Metafile["outputs"][string], "bytes" | "imports">>>;

/** Reads from esbuild's account of its output what each entry makes Node load. */
export function entrySizes(
  metafile: { outputs: Outputs },
  entryPoints: Readonly<Record<string, string>>,
  folder: string,
): EntrySize[] {
  const bytes = (paths: Iterable<string>): number =>
    [...paths].reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0);
  return Object.keys(entryPoints).map((name) => {
    const start = `${folder}/${name}.js`;
    return {
      name,
      startBytes: bytes(reachable(metafile.outputs, start, ["import-statement"])),
      allBytes: bytes(reachable(metafile.outputs, start, ["import-statement", "dynamic-import"])),
    };
  });
}

function reachable(outputs: Outputs, start: string, kinds: readonly string[]): Set<string> {
  const seen = new Set([start]);
  for (const path of seen) {
    for (const each of outputs[path]?.imports ?? []) {
      if (each.external !== true && kinds.includes(each.kind)) seen.add(each.path);
    }
  }
  return seen;
}

/** A sentence for each entry that is larger than its budget, or has none. */
export function budgetFailures(results: readonly BudgetResult[]): string[] {
  return results.flatMap(({ name, startBytes, budget }) => {
    if (budget === undefined) {
      return [`${name} has no budget: give it one in tools/lib/entry-points.ts.`];
    }
    if (startBytes <= budget) return [];
    return [
      `${name} loads ${kilobytes(startBytes)} at its start, which is more than its budget of ${kilobytes(budget)}: import what is rarely needed when it is needed, or raise the budget in tools/lib/entry-points.ts and say why.`,
    ];
  });
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
