// What has to be so of the packages that package.json names: checked by `npm run check -- lock`.

type Versions = Readonly<Record<string, string>>;

export interface Manifest {
  dependencies?: Versions;
  devDependencies?: Versions;
}

export interface Lock {
  packages: Readonly<Record<string, Manifest & { bin?: Readonly<Record<string, string>> }>>;
}

export interface Sources {
  manifest: Manifest;
  lock: Lock;
  /** The texts of the code that may import packages or run their programs. */
  code: readonly string[];
  contributing: string;
}

/** Used in a way that no code shows: by settings, or by another package. */
const USED_UNSEEN = new Set(["@types/node", "@types/ws", "oxlint-tsgolint"]);
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** A sentence for each thing that is wrong. */
export function dependencyProblems({ manifest, lock, code, contributing }: Sources): string[] {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  const problems = [...lockProblems(manifest, lock)];
  for (const [name, version] of Object.entries(all)) {
    if (!EXACT.test(version)) {
      problems.push(`${name} has the version "${version}": write an exact one into package.json.`);
    }
    const programs = Object.keys(lock.packages[`node_modules/${name}`]?.bin ?? {});
    if (!USED_UNSEEN.has(name) && !isUsed(name, programs, code)) {
      problems.push(
        `Nothing imports ${name} or runs a program of it: take it out of package.json.`,
      );
    }
    if (!isInTable(name, contributing)) {
      problems.push(
        `${name} is not in CONTRIBUTING.md's table of dependencies: say what it is for.`,
      );
    }
  }
  return problems;
}

/** Where the lock was made for other dependencies; `npm ci` refuses that. */
function lockProblems(manifest: Manifest, lock: Lock): string[] {
  const locked = lock.packages[""] ?? {};
  return (["dependencies", "devDependencies"] as const).flatMap((kind) => {
    const [ours, theirs] = [manifest[kind] ?? {}, locked[kind] ?? {}];
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names]
      .filter((name) => ours[name] !== theirs[name])
      .map(
        (name) =>
          `package.json has ${name} ${ours[name] ?? "not at all"}, package-lock.json ` +
          `${theirs[name] ?? "not at all"}: run "npm run lock".`,
      );
  });
}

function isUsed(name: string, programs: readonly string[], code: readonly string[]): boolean {
  const quoted = [name, ...programs].map((word) => `"${word}"`);
  return code.some((text) => [...quoted, `"${name}/`].some((word) => text.includes(word)));
}

/** The first column names packages, several with commas between them. */
function isInTable(name: string, contributing: string): boolean {
  return contributing
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .some((line) => (line.split("|")[1] ?? "").split(",").some((word) => word.trim() === name));
}
