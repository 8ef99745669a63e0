import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { AppError } from "#base";
import { root } from "./files.ts";
import { packageCommand, run } from "./process.ts";

/** What people can import from the package: by the name behind `ciliate/`. */
const libraryDoors: Readonly<Record<string, string>> = {
  ebpf: "src/ebpf/index.ts",
  "ebpf/spec": "src/ebpf/spec/index.ts",
  netlink: "src/netlink/index.ts",
};

/**
 * Builds the doors that others may use by themselves: bundles that share chunks, and types. The
 * types mention each other by `#door`, so a package.json of their own says where doors are.
 */
export async function buildLibrary(folder: string): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(libraryDoors).map(([name, path]) => ({ in: path, out: name })),
    outdir: join(folder, "library"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.20",
    packages: "external",
    chunkNames: "chunks/[name]-[hash]",
    write: false,
    logLevel: "silent",
  });
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, contents);
  }
  const types = packageCommand(
    "tsc",
    "--project",
    "tsconfig.lib.json",
    "--outDir",
    join(folder, "types"),
  );
  const { status, output } = await run(types);
  if (status !== 0)
    throw new AppError("build", `the library's types cannot be written:\n${output}`);
  const manifest = { type: "module", imports: { "#*": { types: "./types/*/index.d.ts" } } };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
