// Makes and completes package-lock.json: `npm run lock`, after any change of dependencies.
//
// npm leaves an optional package out of the lock when the registry in use does not offer it for
// this machine, and `npm ci` then refuses the lock on every machine. Each optional dependency that
// a locked package names gets an entry; npm fetches it by name and version where it applies.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = join(root, "package-lock.json");

/** The platform that a binding's name states: `binding-linux-arm64-musl` and the like. */
export function platformOf(name) {
  const words = name.split("/").at(-1).split("-");
  const has = (...options) => options.find((option) => words.includes(option));
  const os = has(
    "linux",
    "darwin",
    "win32",
    "freebsd",
    "android",
    "openharmony",
    "openbsd",
    "netbsd",
    "sunos",
    "aix",
  );
  const cpu = has(
    "arm64",
    "x64",
    "ia32",
    "arm",
    "ppc64",
    "ppc64le",
    "riscv64",
    "s390x",
    "loong64",
    "mips64el",
  );
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : has("gnu", "gnueabihf")
      ? "glibc"
      : undefined;
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(os && { os: [os] }),
    ...(libc && os === "linux" && { libc: [libc] }),
  };
}

/** The lock with every optional dependency that it misses. */
export function completeLock(lock) {
  const packages = { ...lock.packages };
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      packages[`node_modules/${name}`] ??= {
        version,
        ...platformOf(name),
        ...(entry.dev && { dev: true }),
        optional: true,
      };
    }
  }
  const sorted = Object.fromEntries(
    Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { ...lock, packages: sorted };
}

const help = `
Usage: npm run lock

Brings package-lock.json up to date with package.json, and completes it: npm leaves out optional
packages that its registry does not offer for this machine. Run it after a change of dependencies.`;

/** npm's own part: nothing is installed. Answers the sentence to fail with, if it failed. */
function askNpm() {
  const npm = process.env.npm_execpath;
  const [program, first] = npm && /\.c?js$/.test(npm) ? [process.execPath, [npm]] : ["npm", []];
  const args = [...first, "install", "--package-lock-only", "--ignore-scripts"];
  const { error, status, stderr } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  if (error) return "npm was not found: install npm beside Node and run this again.";
  if (status === 0) return undefined;
  const lines = stderr.split("\n").map((line) => line.replace(/^npm error ?(code )?/, "").trim());
  const reason = lines.filter((line) => line !== "" && !line.startsWith("npm warn")).slice(0, 2);
  return `npm could not make the lock (${reason.join(": ")}): mend package.json, or check the network, and run this again.`;
}

function main(words) {
  if (words.includes("--help") || words.includes("-h")) {
    console.log(help.trim());
    return 0;
  }
  if (words.length > 0) {
    console.error(`"${words[0]}" is one word too many: see "npm run lock -- --help".`);
    return 2;
  }
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  console.log("Asking npm for the lock ...");
  const failure = askNpm();
  if (failure !== undefined) {
    console.error(failure);
    return 1;
  }
  const after = `${JSON.stringify(completeLock(JSON.parse(readFileSync(path, "utf8"))), null, 2)}\n`;
  writeFileSync(path, after);
  console.log(
    after === before
      ? "package-lock.json is up to date"
      : "package-lock.json is changed: commit it",
  );
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = main(process.argv.slice(2));
