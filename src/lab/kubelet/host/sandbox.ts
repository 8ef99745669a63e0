import { spawn } from "node:child_process";
import type net from "node:net";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { AppError } from "#base";
import { createNamespace, deleteNamespace, NAMESPACE_FOLDER } from "#netlink";
import { identify, isAlive, type ProcessId, signal } from "./process.ts";
import { shellQuote } from "./shell.ts";

/**
 * What a pod's containers share: a network, a host name, IPC. One process that does nothing holds
 * it, so that containers come and go.
 */
export interface Sandbox {
  /** 64 hexadecimal digits: the container that plugins of the network speak of. */
  readonly id: string;
  readonly process: ProcessId;
  /** The name under /var/run/netns; undefined for a pod in the host's network. */
  readonly namespace: string | undefined;
  readonly ips: readonly string[];
  readonly attempt: number;
}

export function namespacePath(name: string): string {
  return `${NAMESPACE_FOLDER}/${name}`;
}

/** A network namespace for a pod, with nothing in it. */
export function makePodNamespace(name: string): void {
  createNamespace(name).close();
}

export function removePodNamespace(name: string): void {
  if (existsSync(namespacePath(name))) deleteNamespace(name);
}

interface HolderOptions {
  /** Where the pod's network namespace is to be found. */
  readonly networkPath: string;
  readonly hostName: string;
  /** With the IPC of the machine. */
  readonly isHostIpc: boolean;
  readonly cgroup: string | undefined;
}

/** Starts the process that holds a sandbox; it does not depend on this one. */
export async function startHolder(options: HolderOptions): Promise<ProcessId> {
  const { networkPath, hostName, isHostIpc, cgroup } = options;
  const lines = [
    ...(cgroup === undefined ? [] : [`echo 0 > ${shellQuote(`${cgroup}/cgroup.procs`)} || :`]),
    `echo ${shellQuote(hostName)} > /proc/sys/kernel/hostname`,
    "echo ready >&3",
    "exec sleep infinity 3>&-",
  ];
  const unshared = [...(isHostIpc ? [] : ["--ipc"]), "--uts"];
  const child = spawn(
    "nsenter",
    [`--net=${networkPath}`, "--", "unshare", ...unshared, "--", "sh", "-c", lines.join("\n")],
    { cwd: "/", detached: true, stdio: ["ignore", "ignore", "ignore", "pipe"] },
  );
  child.unref();
  const report = child.stdio[3] as net.Socket;
  await Promise.race([once(report, "data"), once(report, "end"), once(child, "error")]);
  report.destroy();
  const id = child.pid === undefined ? undefined : identify(child.pid);
  if (id !== undefined) return id;
  throw new AppError(
    "sandbox",
    "the process that holds the pod's sandbox did not start: are nsenter and unshare of util-linux there?",
  );
}

export function isSandboxAlive(sandbox: Sandbox): boolean {
  const { namespace } = sandbox;
  return (
    isAlive(sandbox.process) && (namespace === undefined || existsSync(namespacePath(namespace)))
  );
}

export function endHolder(sandbox: Sandbox): void {
  signal(sandbox.process, "SIGKILL");
}
