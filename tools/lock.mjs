// Completes package-lock.json: `npm run lock`, after any change of dependencies.
//
// npm leaves an optional package out of the lock when the registry in use does not offer it for
// this machine, and `npm ci` then refuses the lock on every machine. Each optional dependency that
// a locked package names gets an entry; npm fetches it by name and version where it applies.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../package-lock.json", import.meta.url));

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const before = readFileSync(path, "utf8");
  const lock = JSON.parse(before);
  const after = `${JSON.stringify(completeLock(lock), null, 2)}\n`;
  const added = Object.keys(JSON.parse(after).packages).length - Object.keys(lock.packages).length;
  writeFileSync(path, after);
  console.log(
    added === 0
      ? "package-lock.json is complete"
      : `package-lock.json: ${added} optional packages added`,
  );
}
