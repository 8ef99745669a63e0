/** The rows of nodes, namespaces, configuration, accounts, leases and events. */
import type { KubeObject } from "../../schema/types.ts";
import { asRecord, asText, at, numberAt, recordsAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { AGE, conditionStatus, integer, keysOf, NAME, text, wide } from "./columns.ts";
import type { Cell, TableKind } from "./types.ts";

const ROLE_LABEL = "node-role.kubernetes.io/";

const nodes: TableKind = {
  columns: [
    NAME,
    text("Status"),
    text("Roles"),
    AGE,
    text("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      nodeStatus(object),
      nodeRoles(object),
      ageOf(object.metadata.creationTimestamp, nowMs),
      textAt(object, "status", "nodeInfo", "kubeletVersion"),
      nodeAddress(object, "InternalIP"),
      nodeAddress(object, "ExternalIP"),
      textAt(object, "status", "nodeInfo", "osImage") || "<unknown>",
      kernelVersion(object),
      textAt(object, "status", "nodeInfo", "containerRuntimeVersion") || "<unknown>",
    ],
  }),
};

function nodeStatus(node: KubeObject): string {
  const ready = conditionStatus(node, "Ready");
  const words = [ready === "" ? "Unknown" : ready === "True" ? "Ready" : "NotReady"];
  if (at(node, "spec", "unschedulable") === true) words.push("SchedulingDisabled");
  return words.join(",");
}

function nodeRoles(node: KubeObject): string {
  const roles = Object.entries(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_LABEL)) return key.slice(ROLE_LABEL.length);
    return key === "kubernetes.io/role" ? value : [];
  });
  return [...new Set(roles.filter((role) => role !== ""))].toSorted().join(",") || "<none>";
}

function nodeAddress(node: KubeObject, type: string): string {
  const found = recordsAt(node, "status", "addresses").find((one) => one["type"] === type);
  return textAt(found, "address") || "<none>";
}

function kernelVersion(node: KubeObject): string {
  const version = textAt(node, "status", "nodeInfo", "kernelVersion") || "<unknown>";
  const architecture = textAt(node, "status", "nodeInfo", "architecture");
  return architecture === "" ? version : `${version} (${architecture})`;
}

/** A table of a name, some cells and the age: most kinds are no more. */
function simple(
  columns: TableKind["columns"],
  cellsOf: (object: KubeObject, nowMs: number) => readonly Cell[],
): TableKind {
  return {
    columns: [NAME, ...columns, AGE],
    cellsOf: (object, nowMs) => ({
      cells: [
        object.metadata.name ?? "",
        ...cellsOf(object, nowMs),
        ageOf(object.metadata.creationTimestamp, nowMs),
      ],
    }),
  };
}

const namespaces = simple([text("Status")], (object) => [textAt(object, "status", "phase")]);

const configMaps = simple([text("Data")], (object) => [
  keysOf(object, "data").length + keysOf(object, "binaryData").length,
]);

const secrets = simple([text("Type"), text("Data")], (object) => [
  asText(object["type"]),
  keysOf(object, "data").length,
]);

const serviceAccounts = simple([], () => []);

const leases = simple([text("Holder")], (object) => [textAt(object, "spec", "holderIdentity")]);

const storageClasses: TableKind = {
  ...simple(
    [
      text("Provisioner"),
      text("ReclaimPolicy"),
      text("VolumeBindingMode"),
      text("AllowVolumeExpansion"),
    ],
    (object) => [
      asText(object["provisioner"]),
      asText(object["reclaimPolicy"]) || "Delete",
      asText(object["volumeBindingMode"]) || "<unset>",
      object["allowVolumeExpansion"] === true,
    ],
  ),
};

const priorityClasses: TableKind = {
  columns: [
    NAME,
    integer("Value"),
    { name: "Global-Default", type: "boolean" },
    AGE,
    text("PreemptionPolicy"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      numberAt(object, "value") ?? 0,
      object["globalDefault"] === true,
      ageOf(object.metadata.creationTimestamp, nowMs),
      asText(object["preemptionPolicy"]),
    ],
  }),
};

const events: TableKind = {
  columns: [
    text("Last Seen"),
    text("Type"),
    text("Reason"),
    text("Object"),
    wide("Subobject"),
    wide("Source"),
    text("Message"),
    wide("First Seen"),
    wide("Count"),
    { ...NAME, priority: 1 },
  ],
  cellsOf: (given, nowMs) => {
    const event = coreFields(given);
    const first = ageOf(event.first, nowMs);
    const seriesLast = textAt(given, "series", "lastObservedTime");
    const last = seriesLast || event.last;
    return {
      cells: [
        last === "" ? first : ageOf(last, nowMs),
        asText(given["type"]),
        asText(given["reason"]),
        event.target,
        event.fieldPath,
        event.source,
        event.message.trim(),
        first,
        numberAt(given, "series", "count") ?? event.count,
        given.metadata.name ?? "",
      ],
    };
  },
};

interface EventFacts {
  readonly first: string;
  readonly last: string;
  readonly target: string;
  readonly fieldPath: string;
  readonly source: string;
  readonly message: string;
  readonly count: number;
}

/** The same of both kinds of Events. */
function coreFields(event: KubeObject): EventFacts {
  const about = event["involvedObject"] ?? event["regarding"];
  const kind = textAt(about, "kind").toLowerCase();
  const name = textAt(about, "name");
  const source = event["source"] ?? event["deprecatedSource"];
  const component =
    textAt(source, "component") ||
    asText(event["reportingComponent"] ?? event["reportingController"]);
  const host = textAt(source, "host") || asText(event["reportingInstance"]);
  return {
    first:
      asText(event["firstTimestamp"] ?? event["deprecatedFirstTimestamp"]) ||
      asText(event["eventTime"]),
    last: asText(event["lastTimestamp"] ?? event["deprecatedLastTimestamp"]),
    target: name === "" ? kind : `${kind}/${name}`,
    fieldPath: textAt(about, "fieldPath"),
    source: host === "" ? component : `${component}, ${host}`,
    message: asText(event["message"] ?? event["note"]),
    count: numberAt(event, "count") ?? numberAt(event, "deprecatedCount") ?? 1,
  };
}

/** Who is bound to which role. */
const bindings: TableKind = {
  columns: [NAME, text("Role"), AGE, wide("Users"), wide("Groups"), wide("ServiceAccounts")],
  cellsOf: (object, nowMs) => {
    const subjects = recordsAt(object, "subjects");
    const named = (kind: string): string =>
      subjects
        .filter((one) => one["kind"] === kind)
        .map((one) => [textAt(one, "namespace"), textAt(one, "name")].filter(Boolean).join("/"))
        .join(", ");
    const role = asRecord(object["roleRef"]);
    return {
      cells: [
        object.metadata.name ?? "",
        `${textAt(role, "kind")}/${textAt(role, "name")}`,
        ageOf(object.metadata.creationTimestamp, nowMs),
        named("User"),
        named("Group"),
        named("ServiceAccount"),
      ],
    };
  },
};

export const CLUSTER_TABLES: Readonly<Record<string, TableKind>> = {
  "/Node": nodes,
  "/Namespace": namespaces,
  "/ConfigMap": configMaps,
  "/Secret": secrets,
  "/ServiceAccount": serviceAccounts,
  "/Event": events,
  "events.k8s.io/Event": events,
  "coordination.k8s.io/Lease": leases,
  "storage.k8s.io/StorageClass": storageClasses,
  "scheduling.k8s.io/PriorityClass": priorityClasses,
  "rbac.authorization.k8s.io/RoleBinding": bindings,
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindings,
};
