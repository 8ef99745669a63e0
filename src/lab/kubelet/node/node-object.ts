import { readFileSync } from "node:fs";
import { cpus, hostname, release, totalmem } from "node:os";
import { createHash } from "node:crypto";
import type { KubeObject } from "#kube";
import { timestamp } from "../core/status.ts";
import { NETWORK_NOT_READY } from "../host/cni.ts";

/** As kubectl shows it; clients read the numbers. */
const KUBELET_VERSION = "v1.36.3";
export const KUBELET_PORT = 10_250;
const MAX_PODS = 500;

export interface NodeFacts {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly podCidrs: readonly string[];
}

interface NodeCondition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
  readonly lastHeartbeatTime: string;
  readonly lastTransitionTime: string;
}

export function machineCapacity(): Record<string, string> {
  return {
    cpu: String(cpus().length),
    "ephemeral-storage": "100Gi",
    "hugepages-2Mi": "0",
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(MAX_PODS),
  };
}

/** The node as it registers itself. */
export function newNode({ name, labels, podCidrs }: NodeFacts): KubeObject {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels: {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        ...labels,
      },
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
    },
    spec: podCidrs.length === 0 ? {} : { podCIDR: podCidrs[0], podCIDRs: podCidrs },
  };
}

/** What the kubelet says of its node, again and again. */
export function nodeStatus(
  { name, addresses }: NodeFacts,
  isNetworkReady: boolean,
  before: readonly { type: string; status: string; lastTransitionTime?: string }[],
  nowMs: number,
): Record<string, unknown> {
  const now = timestamp(nowMs);
  const capacity = machineCapacity();
  const condition = (
    type: string,
    status: "True" | "False",
    reason: string,
    message: string,
  ): NodeCondition => {
    const old = before.find((candidate) => candidate.type === type);
    const lastTransitionTime = old?.status === status ? (old.lastTransitionTime ?? now) : now;
    return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime };
  };
  return {
    capacity,
    allocatable: capacity,
    conditions: [
      condition(
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
      ),
      condition(
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
      ),
      condition(
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
      ),
      isNetworkReady
        ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
        : condition("Ready", "False", "KubeletNotReady", NETWORK_NOT_READY),
    ],
    addresses: [
      // By itself, a patch keeps one address of each type.
      { $patch: "replace" },
      ...addresses.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
    nodeInfo: nodeInfo(name),
  };
}

function nodeInfo(name: string): Record<string, string> {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  // Nodes share the machine, and its numbers; what names a machine must differ.
  const id = createHash("sha256")
    .update(`${read("/etc/machine-id")}/${hostname()}/${name}`)
    .digest("hex");
  const osImage = /^PRETTY_NAME="?([^"\n]*)/m.exec(read("/etc/os-release"))?.[1] ?? "Linux";
  return {
    machineID: id.slice(0, 32),
    systemUUID: id.slice(32, 64),
    bootID: read("/proc/sys/kernel/random/boot_id"),
    kernelVersion: release(),
    osImage,
    containerRuntimeVersion: "ciliate://0.1.0",
    kubeletVersion: KUBELET_VERSION,
    // Of a program that does not run here; clients want the field.
    kubeProxyVersion: "",
    operatingSystem: "linux",
    architecture: process.arch === "x64" ? "amd64" : process.arch,
  };
}
