import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { AppError } from "#base";
import { aptReachConfig, debianMirror } from "./apt.ts";
import { type Bind, HOME } from "./enter.ts";

/** What of this machine the fresh system gets: Node with npm, and the way to the network. */
export interface Host {
  mirror: string;
  /** For the new system's apt. */
  aptConfig: string;
  binds: Bind[];
  environment: Record<string, string>;
}

const ENVIRONMENT_KEPT =
  /^(https?_proxy|no_proxy|all_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|TERM)$/i;

function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function tryOutput(program: string, ...args: string[]): string {
  try {
    return output(program, ...args);
  } catch {
    return "";
  }
}

function aptSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
  return ["/etc/apt/sources.list", ...names.map((name) => join(folder, name))]
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"));
}

/** The folder of the npm that goes with this Node: the one that runs this, else that in PATH. */
function npmFolder(): string {
  const running = process.env["npm_execpath"];
  const program =
    running !== undefined && existsSync(running)
      ? running
      : tryOutput("sh", "-c", "command -v npm").trim();
  const folder = program === "" ? "" : dirname(dirname(realpathSync(program)));
  if (!existsSync(join(folder, "bin/npm-cli.js"))) {
    throw new AppError("no-npm", "The npm of this machine was not found: install npm beside Node.");
  }
  return folder;
}

/** npm's settings on this machine, whose registry and certificates the fresh system needs. */
function npmBinds(npm: string): Bind[] {
  const config = (key: string): string =>
    tryOutput(process.execPath, join(npm, "bin/npm-cli.js"), "config", "get", key).trim();
  const cafile = config("cafile");
  return [
    { from: config("userconfig") || join(homedir(), ".npmrc"), to: `${HOME}/.npmrc` },
    { from: config("globalconfig"), to: "/usr/local/etc/npmrc" },
    { from: cafile, to: cafile },
  ];
}

/** Reads what the machine has; nothing is changed. */
export function readHost(): Host {
  const npm = npmFolder();
  const certificates = [
    "/etc/ssl/certs/ca-certificates.crt",
    process.env["NODE_EXTRA_CA_CERTS"] ?? "",
    process.env["SSL_CERT_FILE"] ?? "",
  ];
  const wanted: Bind[] = [
    { from: process.execPath, to: "/usr/local/bin/node" },
    { from: npm, to: "/usr/local/lib/node_modules/npm" },
    { from: "/etc/resolv.conf", to: "/etc/resolv.conf" },
    { from: "/etc/hosts", to: "/etc/hosts" },
    ...npmBinds(npm),
    ...certificates.map((path) => ({ from: path, to: path })),
  ];
  const byTarget = new Map(
    wanted
      .filter(({ from }) => from.startsWith("/") && existsSync(from))
      .map((each) => [each.to, each]),
  );
  const kept = Object.entries(process.env).filter(([name]) => ENVIRONMENT_KEPT.test(name));
  return {
    mirror: debianMirror(aptSources()),
    aptConfig: aptReachConfig(tryOutput("apt-config", "dump", "Acquire")),
    binds: [...byTarget.values()].map(({ from, to }) => ({ from: realpathSync(from), to })),
    environment: {
      ...(Object.fromEntries(kept) as Record<string, string>),
      HOME,
      LANG: "C.UTF-8",
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    },
  };
}

/** The shared libraries that a program needs, as `ldd` finds them here. */
export function librariesOf(lddOutput: string): string[] {
  return [...lddOutput.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)].map(([, path = ""]) => path);
}

/** Node's libraries that the fresh system does not have. */
export function missingLibraries(folder: string): string[] {
  const libraries = librariesOf(tryOutput("ldd", process.execPath));
  return libraries.filter((path) => !existsSync(join(folder, path)));
}
