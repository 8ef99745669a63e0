import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { AppError } from "#base";
import { describeFailure } from "./failure.ts";
import { root } from "./files.ts";

/** A file that defines something called by its name: `test/soak/tables.soak.ts` is `tables`. */
export interface NamedFile {
  name: string;
  /** From the root. */
  path: string;
}

/** The files that end in `suffix`, by name. Two of one name are refused. */
export function namedFiles(paths: readonly string[], suffix: string): NamedFile[] {
  const byName = new Map<string, string>();
  for (const path of paths) {
    if (!path.endsWith(suffix)) continue;
    const name = basename(path, suffix);
    const other = byName.get(name);
    if (other !== undefined) {
      throw new AppError("usage", `${other} and ${path} have the same name: rename one of them.`);
    }
    byName.set(name, path);
  }
  const files = [...byName].map(([name, path]) => ({ name, path }));
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The file called `name`, or a sentence that names those there are. */
export function findNamed(files: readonly NamedFile[], kind: string, name: string): NamedFile {
  const file = files.find((each) => each.name === name);
  if (file !== undefined) return file;
  const names = files.map((each) => each.name).join(", ");
  throw new AppError(
    "usage",
    files.length === 0
      ? `There is no ${kind} ${name}: there are none yet.`
      : `There is no ${kind} ${name}: there are ${names}.`,
  );
}

/** Loads a file that somebody named; that it does not load is told with its reason. */
export async function loadNamed<T>(
  file: NamedFile,
  load: (file: NamedFile) => Promise<T>,
): Promise<T> {
  try {
    return await load(file);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const why = describeFailure(error);
    throw new AppError("load", `${file.path} cannot be loaded:\n${why}`, { cause: error });
  }
}

/** The default export of a file; the caller checks that it is what it takes it for. */
export async function importDefault(path: string): Promise<unknown> {
  const module = (await import(pathToFileURL(join(root, path)).href)) as { default?: unknown };
  return module.default;
}
