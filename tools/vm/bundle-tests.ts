import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { root } from "../lib/files.ts";

/**
 * Bundles test files with the runner and the reporter into `folder`, in the same places as in the
 * tree, so that they find their data beside them. In a VM without a JIT for the whole machine,
 * tsx would take a minute to start.
 */
export async function bundleTests(files: readonly string[], folder: string): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [...files, "tools/run.ts", "tools/reporter.ts"],
    outdir: folder,
    outbase: root,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.20",
    chunkNames: "chunks/[name]-[hash]",
    // Finds its native half by its own place in node_modules.
    external: ["koffi"],
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    define: { CILIATE_VERSION: '"test"' },
    write: false,
    logLevel: "silent",
  });
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}\n');
}
