/** The rows of volumes, of quotas, and of what has a word in admission. */
import type { KubeObject } from "../../schema/types.ts";
import { asList, asRecord, asShown, asText, at, recordsAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { AGE, integer, NAME, selectorText, text, wide } from "./columns.ts";
import type { Cell, TableKind } from "./types.ts";

const UNSET = "<unset>";
const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(modes: unknown): string {
  const given = asList(modes).map(asText);
  const known = Object.entries(ACCESS_MODES).filter(([mode]) => given.includes(mode));
  return known.map(([, short]) => short).join(",");
}

function phase(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  return textAt(object, "status", "phase");
}

/** An annotation was the class before there was a field for it. */
function storageClass({ metadata, spec }: KubeObject): string {
  const beta = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
  return beta ?? textAt(spec, "storageClassName");
}

/** A table of the name, some cells, the age, and what is shown with `-o wide`. */
function aged(
  columns: TableKind["columns"],
  cellsOf: (object: KubeObject) => readonly Cell[],
  last: TableKind["columns"] = [],
  lastOf: (object: KubeObject) => readonly Cell[] = () => [],
): TableKind {
  return {
    columns: [NAME, ...columns, AGE, ...last],
    cellsOf: (object, nowMs) => ({
      cells: [
        object.metadata.name ?? "",
        ...cellsOf(object),
        ageOf(object.metadata.creationTimestamp, nowMs),
        ...lastOf(object),
      ],
    }),
  };
}

const MODE = [wide("VolumeMode")];
const modeOf = (object: KubeObject): readonly Cell[] => [
  textAt(object, "spec", "volumeMode") || UNSET,
];

const claims = aged(
  [
    text("Status"),
    text("Volume"),
    text("Capacity"),
    text("Access Modes"),
    text("StorageClass"),
    text("VolumeAttributesClass"),
  ],
  (object) => {
    const volume = textAt(object, "spec", "volumeName");
    const isBound = volume !== "";
    return [
      phase(object),
      volume,
      isBound ? asShown(at(object, "status", "capacity", "storage")) : "",
      isBound ? accessModes(at(object, "status", "accessModes")) : "",
      storageClass(object),
      textAt(object, "spec", "volumeAttributesClassName") || UNSET,
    ];
  },
  MODE,
  modeOf,
);

const volumes = aged(
  [
    text("Capacity"),
    text("Access Modes"),
    text("Reclaim Policy"),
    text("Status"),
    text("Claim"),
    text("StorageClass"),
    text("VolumeAttributesClass"),
    text("Reason"),
  ],
  (object) => {
    const claim = asRecord(at(object, "spec", "claimRef"));
    return [
      asShown(at(object, "spec", "capacity", "storage")) || "0",
      accessModes(at(object, "spec", "accessModes")),
      textAt(object, "spec", "persistentVolumeReclaimPolicy"),
      phase(object),
      claim === undefined ? "" : `${textAt(claim, "namespace")}/${textAt(claim, "name")}`,
      storageClass(object),
      textAt(object, "spec", "volumeAttributesClassName") || UNSET,
      textAt(object, "status", "reason"),
    ];
  },
  MODE,
  modeOf,
);

/** What is used of what may be, limits apart from all else. */
function quotaText(object: KubeObject, isOfLimits: boolean): string {
  const hard = asRecord(at(object, "status", "hard")) ?? {};
  return Object.keys(hard)
    .toSorted()
    .filter((name) => name.startsWith("limits.") === isOfLimits)
    .map((name) => {
      const used = asShown(at(object, "status", "used", name)) || "0";
      return `${name}: ${used}/${asShown(hard[name])}`;
    })
    .join(", ");
}

const quotas = aged([text("Request"), text("Limit")], (object) => [
  quotaText(object, false),
  quotaText(object, true),
]);

const webhooks = aged([integer("Webhooks")], (object) => [recordsAt(object, "webhooks").length]);

const admissionPolicies = aged([integer("Validations"), text("ParamKind")], (object) => {
  const kind = asRecord(at(object, "spec", "paramKind"));
  return [
    recordsAt(object, "spec", "validations").length,
    kind === undefined ? UNSET : `${textAt(kind, "apiVersion")}/${textAt(kind, "kind")}`,
  ];
});

function parameterOf(object: KubeObject): string {
  const reference = asRecord(at(object, "spec", "paramRef"));
  const name = textAt(reference, "name");
  if (name !== "") return `${textAt(reference, "namespace") || "*"}/${name}`;
  const selector = at(reference, "selector");
  return selector === undefined ? UNSET : selectorText(selector);
}

const admissionBindings = aged([text("PolicyName"), text("ParamRef")], (object) => [
  textAt(object, "spec", "policyName"),
  parameterOf(object),
]);

const ADMISSION = "admissionregistration.k8s.io";

export const STORAGE_TABLES: Readonly<Record<string, TableKind>> = {
  "/PersistentVolumeClaim": claims,
  "/PersistentVolume": volumes,
  "/ResourceQuota": quotas,
  [`${ADMISSION}/ValidatingWebhookConfiguration`]: webhooks,
  [`${ADMISSION}/MutatingWebhookConfiguration`]: webhooks,
  [`${ADMISSION}/ValidatingAdmissionPolicy`]: admissionPolicies,
  [`${ADMISSION}/ValidatingAdmissionPolicyBinding`]: admissionBindings,
};
