/** A lab's status for people, and what to type next. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { DEMO_NAMESPACE, type LabStatus, type NodeStatus } from "#lab";
import { DEFAULT_NAME, labCall } from "./call.ts";
import { columns } from "./columns.ts";

export function statusText(status: LabStatus): string {
  const { name, isRunning, server, context, kubeconfig, cni, isIpv6, problems } = status;
  const families = isIpv6 ? "IPv4 and IPv6" : "IPv4";
  const facts = [
    ["Lab", `${name}, ${isRunning ? "running" : `stopped ("${labCall()} up" starts it)`}`],
    ["API server", server],
    ["Context", kubeconfig === undefined ? "in no kubeconfig" : `${context} in ${kubeconfig}`],
    ["Network", `--cni ${cni}, ${families}`],
  ];
  const nodes = [["NODE", "ADDRESS", "STATE", "PODS READY"], ...status.nodes.map(nodeRow)];
  const restarted = status.processes
    .filter(({ restarts }) => restarts > 0)
    .map((each) => `${each.name} was started again ${each.restarts} times`);
  const remarks = [...problems, ...restarted].map((line) => `  ! ${line}\n`);
  return [columns(facts), "\n", columns(nodes), ...remarks].join("");
}

function nodeRow({ name, address, state, pods, readyPods, trouble }: NodeStatus): string[] {
  const { delayMs, jitterMs, lossPercent, isPartitioned } = trouble;
  const troubles = [
    ...(isPartitioned ? ["partitioned"] : []),
    ...(delayMs > 0 ? [`delayed ${delayMs} ms${jitterMs > 0 ? ` ± ${jitterMs}` : ""}`] : []),
    ...(lossPercent > 0 ? [`loses ${lossPercent}%`] : []),
  ];
  return [name, address, [state, ...troubles].join(", "), `${readyPods}/${pods}`];
}

/** Three things to try. */
export function nextSteps(name: string, hasDemo: boolean): string {
  const option = name === DEFAULT_NAME ? "" : ` --name ${name}`;
  const call = labCall();
  const get = hasKubectl() ? "kubectl get pods -A -o wide" : `${call} get pods -A${option}`;
  const exec = hasKubectl()
    ? `kubectl -n ${DEMO_NAMESPACE} exec frontend -- curl -s api:3000`
    : `${call} exec -n ${DEMO_NAMESPACE}${option} frontend -- curl -s api:3000`;
  const second = hasDemo
    ? [`  ${exec}`, "one tier asks another"]
    : [`  ${call} up${option}`, "adds a demo of three tiers"];
  const steps = [
    [`  ${get}`, "all pods, and where they run"],
    second,
    [`  ${call} down${option}`, "takes everything away again"],
  ];
  return `\nNext:\n${columns(steps)}`;
}

function hasKubectl(): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, "kubectl")));
}
