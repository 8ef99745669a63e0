/** The rows of Deployments and what else makes Pods. */
import { asRecord, at, numberAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import {
  AGE,
  integer,
  labelsText,
  NAME,
  selectorText,
  TEMPLATE_COLUMNS,
  templateCells,
  text,
  wide,
} from "./columns.ts";
import type { TableKind } from "./types.ts";

const deployments: TableKind = {
  columns: [
    NAME,
    text("Ready"),
    text("Up-to-date"),
    text("Available"),
    AGE,
    ...TEMPLATE_COLUMNS,
    wide("Selector"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      `${number(object, "status", "readyReplicas")}/${number(object, "spec", "replicas")}`,
      number(object, "status", "updatedReplicas"),
      number(object, "status", "availableReplicas"),
      ageOf(object.metadata.creationTimestamp, nowMs),
      ...templateCells(object, "spec", "template"),
      selectorText(at(object, "spec", "selector")),
    ],
  }),
};

const replicaSets: TableKind = {
  columns: [
    NAME,
    integer("Desired"),
    integer("Current"),
    integer("Ready"),
    AGE,
    ...TEMPLATE_COLUMNS,
    wide("Selector"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      number(object, "spec", "replicas"),
      number(object, "status", "replicas"),
      number(object, "status", "readyReplicas"),
      ageOf(object.metadata.creationTimestamp, nowMs),
      ...templateCells(object, "spec", "template"),
      selectorText(at(object, "spec", "selector")),
    ],
  }),
};

const daemonSets: TableKind = {
  columns: [
    NAME,
    integer("Desired"),
    integer("Current"),
    integer("Ready"),
    integer("Up-to-date"),
    integer("Available"),
    text("Node Selector"),
    AGE,
    ...TEMPLATE_COLUMNS,
    wide("Selector"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      number(object, "status", "desiredNumberScheduled"),
      number(object, "status", "currentNumberScheduled"),
      number(object, "status", "numberReady"),
      number(object, "status", "updatedNumberScheduled"),
      number(object, "status", "numberAvailable"),
      labelsText(asRecord(at(object, "spec", "template", "spec", "nodeSelector"))),
      ageOf(object.metadata.creationTimestamp, nowMs),
      ...templateCells(object, "spec", "template"),
      selectorText(at(object, "spec", "selector")),
    ],
  }),
};

const statefulSets: TableKind = {
  columns: [NAME, text("Ready"), AGE, ...TEMPLATE_COLUMNS],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      `${number(object, "status", "readyReplicas")}/${number(object, "spec", "replicas")}`,
      ageOf(object.metadata.creationTimestamp, nowMs),
      ...templateCells(object, "spec", "template"),
    ],
  }),
};

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
