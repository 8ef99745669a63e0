// npm run format: Biome's formatter over the whole tree.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { runCommand, usageError } from "./lib/command.ts";
import { calledIn, root } from "./lib/files.ts";
import { packageCommand, run } from "./lib/process.ts";
import { announce } from "./lib/progress.ts";

const help = `
Usage: npm run format -- [--check] [PATH...]

Puts every file (or those named, from where one stands) into the project's format: Biome, 100 columns (biome.json).

  --check   change nothing, and fail when a file would change
`;

await runCommand(
  { help, options: { check: { type: "boolean", default: false } } },
  async (values, paths) => {
    const mode = values.check ? [] : ["--write"];
    const where = paths.length === 0 ? [root] : paths.map((path) => resolve(calledIn(), path));
    const missing = where.find((path) => !existsSync(path));
    if (missing !== undefined) throw usageError(`there is no file or folder ${missing}`);
    const command = packageCommand("biome", "format", ...mode, ...where);
    const { status, output } = await announce("Formatting", () => run(command));
    console.log(output.trim());
    return status === 0 ? 0 : 1;
  },
);
