/** Kubernetes' own programs, compiled once from their Go modules into a cache. */
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { AppError } from "#base";
import { run } from "../../tools/lib/process.ts";
import { announce, secondsSince } from "../../tools/lib/progress.ts";

export const KUBE_VERSION = "1.36.3";
const ETCD_VERSION = "3.6.8";
const COREDNS_VERSION = "1.15.0";
/** What that Kubernetes' go.mod asks for. */
const NEEDED_GO: readonly [number, number] = [1, 26];

/** Modules of Kubernetes' own tree: published ones of the same release take their folders' place. */
const STAGING =
  "api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider " +
  "cluster-bootstrap code-generator component-base component-helpers controller-manager cri-api " +
  "cri-client cri-streaming csi-translation-lib dynamic-resource-allocation endpointslice " +
  "externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl " +
  "kubelet metrics mount-utils pod-security-admission sample-apiserver sample-cli-plugin " +
  "sample-controller streaming";

const COMMAND_MAIN = (path: string, command: string, imports = ""): string => `package main

import (
\t${imports}
\t"os"

\t"k8s.io/component-base/cli"
\t"${path}"
)

func main() { os.Exit(cli.Run(app.${command})) }
`;

const ETCD_MAIN = `package main

import (
\t"os"

\t"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`;

const KUBECTL_MAIN = `package main

import (
\t"k8s.io/component-base/cli"
\t"k8s.io/kubectl/pkg/cmd"
\t"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
\tif err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
\t\tutil.CheckErr(err)
\t}
}
`;

/** The folder of each program's source in the module that builds them, and its main.go. */
const SOURCES: Readonly<Record<string, { readonly folder: string; readonly main: string }>> = {
  etcd: { folder: "etcd", main: ETCD_MAIN },
  "kube-apiserver": {
    folder: "apiserver",
    main: COMMAND_MAIN("k8s.io/kubernetes/cmd/kube-apiserver/app", "NewAPIServerCommand()"),
  },
  "kube-controller-manager": {
    folder: "controller-manager",
    main: COMMAND_MAIN(
      "k8s.io/kubernetes/cmd/kube-controller-manager/app",
      "NewControllerManagerCommand()",
    ),
  },
  "kube-scheduler": {
    folder: "scheduler",
    main: COMMAND_MAIN("k8s.io/kubernetes/cmd/kube-scheduler/app", "NewSchedulerCommand()"),
  },
  kubelet: {
    folder: "kubelet",
    main: COMMAND_MAIN(
      "k8s.io/kubernetes/cmd/kubelet/app",
      "NewKubeletCommand(context.Background())",
      `"context"`,
    ),
  },
  "kube-proxy": {
    folder: "proxy",
    main: COMMAND_MAIN("k8s.io/kubernetes/cmd/kube-proxy/app", "NewProxyCommand()"),
  },
  kubectl: { folder: "kubectl", main: KUBECTL_MAIN },
};

export const COREDNS = "coredns";
export const KUBECTL = "kubectl";

export function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["KUBE_CACHE"] ?? join(base, "ciliate-kube");
}

/** Where the compiled programs are. */
export function programFolder(): string {
  return join(cacheFolder(), `bin-${KUBE_VERSION}`);
}

export function programPath(name: string): string {
  return join(programFolder(), name);
}

/** The first of that name on the PATH. */
export function findOnPath(name: string): string | undefined {
  const folders = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`.split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Those that are not compiled yet; kubectl counts where this machine has none. */
export function missingPrograms(): string[] {
  const wanted = [...Object.keys(SOURCES), COREDNS];
  return wanted.filter(
    (name) =>
      !isExecutable(programPath(name)) && !(name === KUBECTL && findOnPath(KUBECTL) !== undefined),
  );
}

/** Compiles what is missing. Nothing where all is there, with no Go needed. */
export async function ensurePrograms(report: (line: string) => void): Promise<void> {
  const missing = missingPrograms();
  if (missing.length === 0) return;
  checkGo(missing);
  const began = performance.now();
  report(
    `Compiling Kubernetes ${KUBE_VERSION} into ${cacheFolder()}: once, about ten minutes on two processors`,
  );
  mkdirSync(programFolder(), { recursive: true });
  if (missing.some((name) => name !== COREDNS)) await prepareModule(missing);
  for (const [place, name] of missing.entries()) {
    const what = `Compiling ${name} (${place + 1} of ${missing.length})`;
    const built = performance.now();
    await announce(what, () => (name === COREDNS ? installCoredns() : compile(name)));
    report(`${what}: done in ${secondsSince(built)}`);
  }
  report(`All programs are compiled, in ${secondsSince(began)}`);
}

function checkGo(missing: readonly string[]): void {
  const needed = NEEDED_GO.join(".");
  const advice =
    `install Go ${needed} or later (https://go.dev/dl) and put it on the PATH, or copy the folder ` +
    `${programFolder()} from a machine that has it`;
  const what = `Kubernetes' programs (${missing.join(", ")}) must be compiled first`;
  let version: string;
  try {
    version = execFileSync("go", ["env", "GOVERSION"], { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new AppError("no-go", `${what}, and there is no Go here: ${advice}.`, { cause });
  }
  const [, major = 0, minor = 0] = /^go(\d+)\.(\d+)/.exec(version)?.map(Number) ?? [];
  const isOld = major < NEEDED_GO[0] || (major === NEEDED_GO[0] && minor < NEEDED_GO[1]);
  if (isOld) throw new AppError("old-go", `${what}, and ${version} is too old: ${advice}.`);
}

function sourceFolder(): string {
  return join(cacheFolder(), `src-${KUBE_VERSION}`);
}

async function go(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { status, output } = await run(["go", ...args], {
    cwd: sourceFolder(),
    env: { ...process.env, CGO_ENABLED: "0", ...env },
  });
  if (status === 0) return;
  const why = output.trim().split("\n").slice(-4).join("\n");
  throw new AppError("go", `go ${args[0]} failed:\n${why}\nMend that and run this again.`);
}

/** The module that imports them all, with the versions of everything they are made of. */
async function prepareModule(missing: readonly string[]): Promise<void> {
  const folder = sourceFolder();
  mkdirSync(folder, { recursive: true });
  const added = missing.filter((name) => writeMain(name));
  if (existsSync(join(folder, "go.sum")) && added.length === 0) return;
  if (!existsSync(join(folder, "go.sum"))) {
    rmSync(join(folder, "go.mod"), { force: true });
    await go(["mod", "init", "kube.test"]);
    const staging = `v0.${KUBE_VERSION.slice(2)}`;
    await go([
      "mod",
      "edit",
      `-require=k8s.io/kubernetes@v${KUBE_VERSION}`,
      `-require=go.etcd.io/etcd/server/v3@v${ETCD_VERSION}`,
      ...STAGING.split(" ").map((name) => `-replace=k8s.io/${name}=k8s.io/${name}@${staging}`),
    ]);
  }
  try {
    await announce("Fetching the modules", () => go(["mod", "tidy"]));
  } catch (error) {
    // Else the next run takes for tidied what is not.
    for (const name of added) rmSync(mainPath(name), { force: true });
    throw error;
  }
}

function mainPath(name: string): string {
  return join(sourceFolder(), SOURCES[name]?.folder ?? name, "main.go");
}

/** Answers whether it was not there. */
function writeMain(name: string): boolean {
  const source = SOURCES[name];
  if (source === undefined || existsSync(mainPath(name))) return false;
  mkdirSync(join(sourceFolder(), source.folder), { recursive: true });
  writeFileSync(mainPath(name), source.main);
  return true;
}

/** Clients read the server's version, which the linker sets. */
function linkerFlags(): string {
  const [major, minor] = KUBE_VERSION.split(".");
  const values = {
    gitVersion: `v${KUBE_VERSION}`,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: "local",
    buildDate: "2026-01-01T00:00:00Z",
  };
  const set = Object.entries(values).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );
  return ["-s", "-w", ...set].join(" ");
}

/** Under another name first, so that what is there under its own is whole. */
async function compile(name: string): Promise<void> {
  const unfinished = `${programPath(name)}.${process.pid}`;
  try {
    const folder = `./${SOURCES[name]?.folder ?? name}`;
    await go(["build", "-ldflags", linkerFlags(), "-o", unfinished, folder]);
    renameSync(unfinished, programPath(name));
  } finally {
    rmSync(unfinished, { force: true });
  }
}

async function installCoredns(): Promise<void> {
  const folder = join(programFolder(), `coredns.${process.pid}`);
  try {
    mkdirSync(sourceFolder(), { recursive: true });
    const module = `github.com/coredns/coredns@v${COREDNS_VERSION}`;
    await go(["install", module], { GOBIN: folder });
    renameSync(join(folder, COREDNS), programPath(COREDNS));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
