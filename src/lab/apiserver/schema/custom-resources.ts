import { getOwn, isObject } from "./node.ts";
import { objectAt, objectsAt } from "./defaults/fill.ts";
import { compareVersions } from "./versions.ts";
import type {
  CustomResource,
  Json,
  JsonObject,
  KubeObject,
  PrinterColumn,
  ServedResource,
  Subresource,
  Verb,
} from "./types.ts";

const VERBS: readonly Verb[] = [
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "create",
  "update",
  "watch",
];
const STATUS_VERBS: readonly Verb[] = ["get", "patch", "update"];
/** Where a version names no columns. */
const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "When the object was created.",
};

const COLUMN = "Custom resource definition column (in JSONPath format)";

const text = (value: Json | undefined, otherwise = ""): string =>
  typeof value === "string" ? value : otherwise;
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

/** The resources that a definition brings: one for each version that it serves. */
export function customResources(definition: KubeObject): ServedResource[] {
  const spec = objectAt(definition, "spec") ?? {};
  // Names are served as they were accepted; a new one may be another definition's.
  const accepted = objectAt(definition, "status", "acceptedNames") ?? {};
  const names = text(accepted["plural"]) === "" ? (objectAt(spec, "names") ?? {}) : accepted;
  const versions = objectsAt(spec, "versions");
  const group = text(spec["group"]);
  const kind = text(names["kind"]);
  const shared = sharedBy(definition, versions);
  return versions
    .filter((version) => version["served"] === true)
    .map((version) => ({
      group,
      version: text(version["name"]),
      kind,
      listKind: text(names["listKind"], `${kind}List`),
      plural: text(names["plural"]),
      singular: text(names["singular"], kind.toLowerCase()),
      shortNames: texts(names["shortNames"]),
      categories: texts(names["categories"]),
      isNamespaced: spec["scope"] === "Namespaced",
      verbs: VERBS,
      subresources: subresourcesOf(version, group, kind),
      custom: { ...shared, ...customOf(definition, version) },
    }));
}

type Shared = Pick<
  CustomResource,
  "definition" | "storageVersion" | "schemas" | "isUnchanged" | "isTerminating"
>;

/** What all versions of a definition have in common. */
function sharedBy(definition: KubeObject, versions: readonly JsonObject[]): Shared {
  const { name, generation, deletionTimestamp } = definition.metadata;
  return {
    definition: text(name),
    storageVersion: text(versions.find((each) => each["storage"] === true)?.["name"]),
    schemas: new Map(versions.map((each) => [text(each["name"]), schemaOf(each)])),
    isUnchanged: generation === 1 && versions.length === 1,
    isTerminating: deletionTimestamp !== undefined,
  };
}

function schemaOf(version: JsonObject): JsonObject {
  return objectAt(version, "schema", "openAPIV3Schema") ?? { type: "object" };
}

function subresourcesOf(version: JsonObject, group: string, kind: string): Subresource[] {
  const has = objectAt(version, "subresources") ?? {};
  const status = {
    name: "status",
    group,
    version: text(version["name"]),
    kind,
    verbs: STATUS_VERBS,
  };
  const scale = { name: "scale", group: "autoscaling", version: "v1", kind: "Scale" };
  return [
    ...(isObject(has["status"]) ? [status] : []),
    ...(isObject(has["scale"]) ? [{ ...scale, verbs: STATUS_VERBS }] : []),
  ];
}

function customOf(definition: KubeObject, version: JsonObject): Omit<CustomResource, keyof Shared> {
  const subresources = objectAt(version, "subresources") ?? {};
  const scale = objectAt(subresources, "scale");
  const selectorPath = scale?.["labelSelectorPath"];
  return {
    printerColumns: columnsOf(version),
    schema: schemaOf(version),
    hasStatus: isObject(getOwn(subresources, "status")),
    selectableFields: objectsAt(version, "selectableFields").map((field) =>
      text(field["jsonPath"]).replace(/^\./, ""),
    ),
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicasPath: text(scale["specReplicasPath"]),
            statusReplicasPath: text(scale["statusReplicasPath"]),
            ...(typeof selectorPath === "string" ? { labelSelectorPath: selectorPath } : {}),
          },
        }),
    ...(version["deprecated"] === true
      ? { deprecationWarning: deprecation(definition, version) }
      : {}),
  };
}

/** With the version to use instead, if the definition serves a better one. */
function deprecation(definition: KubeObject, version: JsonObject): string {
  const spec = objectAt(definition, "spec") ?? {};
  const kind = text(objectAt(spec, "names")?.["kind"]);
  const group = text(spec["group"]);
  const name = text(version["name"]);
  const [better] = objectsAt(spec, "versions")
    .filter((each) => each["served"] === true && each["deprecated"] !== true)
    .map((each) => text(each["name"]))
    .filter((each) => compareVersions(each, name) < 0)
    .toSorted(compareVersions);
  const instead = better === undefined ? "" : `; use ${group}/${better} ${kind}`;
  return text(version["deprecationWarning"], `${group}/${name} ${kind} is deprecated${instead}`);
}

function columnsOf(version: JsonObject): PrinterColumn[] {
  const columns = objectsAt(version, "additionalPrinterColumns");
  if (columns.length === 0) return [AGE];
  return columns.map((column) => ({
    name: text(column["name"]),
    type: text(column["type"]),
    jsonPath: text(column["jsonPath"]),
    ...(typeof column["format"] === "string" ? { format: column["format"] } : {}),
    description: text(column["description"]) || `${COLUMN}: ${text(column["jsonPath"])}`,
    ...(typeof column["priority"] === "number" ? { priority: column["priority"] } : {}),
  }));
}
