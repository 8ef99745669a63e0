/** Three namespaces with three pods each, all serving ports 80 and 81 of three protocols. */
import { parse } from "yaml";
import { AppError } from "#base";
import type { ScriptCommands } from "#test";
import type { Probe, Ruling } from "../../oracles/policy/judge.ts";
import type { RawContainerPort, RawObject } from "../../oracles/policy/raw.ts";

/** What judges: the brute force and the product run the same scripts. */
interface Judge {
  upsert: (object: RawObject) => void;
  remove: (object: RawObject) => void;
  rule: (probe: Probe) => Ruling;
}

const NAMESPACES = ["x", "y", "z"];
const PODS = ["a", "b", "c"];
const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const ALL = NAMESPACES.flatMap((namespace) => PODS.map((pod) => `${namespace}/${pod}`));

const ports: RawContainerPort[] = [80, 81].flatMap((containerPort) =>
  PROTOCOLS.map((protocol) => ({
    name: `serve-${containerPort}-${protocol.toLowerCase()}`,
    containerPort,
    protocol,
  })),
);

function namespaceObject(name: string, labels: Record<string, string>): RawObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, "kubernetes.io/metadata.name": name } },
  };
}

function podObject(text: string, labels: Record<string, string>): RawObject {
  const [namespace = "", name = ""] = text.split("/");
  const subnet = NAMESPACES.indexOf(namespace) + 1;
  const podIP = `10.0.${subnet}.${PODS.indexOf(name) + 1}`;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: "serve", image: "serve", ports }] },
    status: { podIP },
  };
}

function policyObject(text: string, spec: object): RawObject {
  const [namespace = "", name = ""] = text.split("/");
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace },
    spec,
  };
}

function labelsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => word.split("=") as [string, string]));
}

function probeOf(from: string, to: string, port: string): Probe {
  const [number, protocol = "TCP"] = port.split("/");
  return { from, to, port: Number(number), protocol };
}

/** `.` passes; `X` neither side lets pass, `i` only ingress stops it, `e` only egress. */
function letter(ruling: Ruling): string {
  if (ruling.verdict === "allowed") return ".";
  if (ruling.egress === "allowed") return "i";
  return ruling.ingress === "allowed" ? "e" : "X";
}

/** Rows are sources, columns destinations. */
function tableOf(judge: Judge, port: string): string {
  const head = `    ${NAMESPACES.map((name) => name.padEnd(3)).join(" ")}`;
  const names = `    ${NAMESPACES.map(() => PODS.join("")).join(" ")}`;
  const rows = ALL.map((from) => {
    const cells = NAMESPACES.map((namespace) =>
      PODS.map((pod) => letter(judge.rule(probeOf(from, `${namespace}/${pod}`, port)))).join(""),
    );
    return `${from} ${cells.join(" ")}`;
  });
  return [head, names, ...rows].join("\n");
}

/** The commands of the scripts. Policies are written as flow YAML, on one line. */
export function commandsOf(judge: Judge): ScriptCommands {
  for (const name of NAMESPACES) judge.upsert(namespaceObject(name, { ns: name }));
  for (const pod of ALL) judge.upsert(podObject(pod, { pod: pod.slice(2) }));
  return {
    policy: ([name = "", ...spec]) => judge.upsert(policyObject(name, parse(spec.join(" ")))),
    "delete-policy": ([name = ""]) => judge.remove(policyObject(name, {})),
    "label-pod": ([pod = "", ...labels]) => judge.upsert(podObject(pod, labelsOf(labels))),
    "label-namespace": ([name = "", ...labels]) =>
      judge.upsert(namespaceObject(name, labelsOf(labels))),
    /** The same for every port named is printed once. */
    table: (names) => {
      const tables = names.map((port) => tableOf(judge, port));
      if (new Set(tables).size === 1) return tables[0];
      throw new AppError("tables-differ", `the ports do not have one table: ${names.join(" ")}`);
    },
    /** From every pod to somewhere, or the other way round: those that pass. */
    reach: ([direction, other = "", port = ""]) => {
      const passes = ALL.filter((pod) => {
        const probe = direction === "to" ? probeOf(pod, other, port) : probeOf(other, pod, port);
        return judge.rule(probe).verdict === "allowed";
      });
      return passes.length === ALL.length ? "all" : passes.join(" ") || "none";
    },
  };
}
