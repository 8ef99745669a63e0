/** The rows of Deployments and what else makes Pods. */
import { asRecord, at, numberAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { AGE, integer, labelsText, NAME, type OwnColumn, text, workload } from "./columns.ts";
import type { TableColumn, TableKind } from "./types.ts";

/** `1/2`, of those that there should be. */
const READY: OwnColumn = [
  text("Ready"),
  (object) => `${number(object, "status", "readyReplicas")}/${number(object, "spec", "replicas")}`,
];

function counted(column: TableColumn, ...path: readonly string[]): OwnColumn {
  return [column, (object) => number(object, ...path)];
}

const deployments = workload([
  READY,
  counted(text("Up-to-date"), "status", "updatedReplicas"),
  counted(text("Available"), "status", "availableReplicas"),
]);

const replicaSets = workload([
  counted(integer("Desired"), "spec", "replicas"),
  counted(integer("Current"), "status", "replicas"),
  counted(integer("Ready"), "status", "readyReplicas"),
]);

const daemonSets = workload([
  counted(integer("Desired"), "status", "desiredNumberScheduled"),
  counted(integer("Current"), "status", "currentNumberScheduled"),
  counted(integer("Ready"), "status", "numberReady"),
  counted(integer("Up-to-date"), "status", "updatedNumberScheduled"),
  counted(integer("Available"), "status", "numberAvailable"),
  [
    text("Node Selector"),
    (object) => labelsText(asRecord(at(object, "spec", "template", "spec", "nodeSelector"))),
  ],
]);

const statefulSets = workload([READY], []);

const controllerRevisions: TableKind = {
  columns: [NAME, text("Controller"), text("Revision"), AGE],
  cellsOf: (object, nowMs) => {
    const owners = object.metadata["ownerReferences"];
    const owner = asRecord(Array.isArray(owners) ? owners[0] : undefined);
    const kind = textAt(owner, "kind").toLowerCase();
    const group = textAt(owner, "apiVersion").split("/")[0] ?? "";
    return {
      cells: [
        object.metadata.name ?? "",
        owner === undefined ? "<none>" : `${kind}.${group}/${textAt(owner, "name")}`,
        number(object, "revision"),
        ageOf(object.metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

export const WORKLOAD_TABLES: Readonly<Record<string, TableKind>> = {
  "apps/Deployment": deployments,
  "apps/ReplicaSet": replicaSets,
  "apps/DaemonSet": daemonSets,
  "apps/StatefulSet": statefulSets,
  "apps/ControllerRevision": controllerRevisions,
};

function number(object: unknown, ...path: readonly string[]): number {
  return numberAt(object, ...path) ?? 0;
}
