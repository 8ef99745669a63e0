/** Whether this machine can have the cluster, told before anything is begun. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { AppError, Cidr } from "#base";
import { openNetlink } from "#netlink";
import { ETCD_PORTS, POD_CIDR, UNDERLAY_CIDR } from "./places.ts";
import { pluginFolder } from "./plain-cni.ts";
import { findOnPath } from "./programs.ts";

/** By program, the Debian package that has it. */
const NEEDED: Readonly<Record<string, string>> = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  iptables: "iptables",
  nft: "nftables",
  openssl: "openssl",
  curl: "curl",
  nsenter: "util-linux",
  unshare: "util-linux",
  mount: "mount",
  tar: "tar",
  ldd: "libc-bin",
};

export function checkMachine(): void {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new AppError(
      "root",
      "A real Kubernetes needs Linux and root: it makes namespaces and runs containers.",
    );
  }
  const missing = Object.keys(NEEDED).filter((program) => findOnPath(program) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => NEEDED[program]))].join(" ");
    throw new AppError(
      "programs",
      `These programs are not here: ${missing.join(", ")}. "npm run kube" installs them on Debian; elsewhere install what Debian calls ${packages}.`,
    );
  }
  pluginFolder();
}

/** Once nothing of an earlier cluster is left: what is taken then is somebody else's. */
export async function checkRoom(): Promise<void> {
  for (const port of ETCD_PORTS) await checkPort(port);
  using machine = openNetlink();
  for (const own of [Cidr.parse(UNDERLAY_CIDR), Cidr.parse(POD_CIDR)]) {
    const taken = machine.routes
      .list({ family: 4 })
      .find(({ destination }) => own.containsCidr(destination));
    if (taken === undefined) continue;
    const link = taken.link === undefined ? undefined : machine.links.get(taken.link)?.name;
    const way = link === undefined ? "" : ` by ${link}`;
    throw new AppError(
      "taken",
      `The cluster's network ${own.toString()} is in use here: there is a route to ${taken.destination.toString()}${way}. Take that away first.`,
    );
  }
}

async function checkPort(port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (cause) {
    throw new AppError(
      "taken",
      `Port ${port} of 127.0.0.1, which the cluster's etcd needs, cannot be had (${(cause as NodeJS.ErrnoException).code}): "ss -tlnp" shows who has it.`,
      { cause },
    );
  } finally {
    server.close();
  }
}

const START_TICKS = 19;

/** This process, by its number and by when it started: numbers are given out again. */
export function ownProcess(): string {
  return `${process.pid} ${startOf(process.pid)}`;
}

export function isStillRunning(told: string): boolean {
  const [pid = "", start] = told.split(" ");
  return start !== undefined && startOf(Number(pid)) === start;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name before may have anything in it.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TICKS];
  } catch {
    return undefined;
  }
}
