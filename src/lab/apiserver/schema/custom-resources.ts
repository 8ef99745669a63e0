import { getOwn, isObject } from "./node.ts";
import { objectAt, objectsAt } from "./defaults/fill.ts";
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
const AGE: PrinterColumn = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" };

const text = (value: Json | undefined, otherwise = ""): string =>
  typeof value === "string" ? value : otherwise;
const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];

/** The resources that a definition brings: one for each version that it serves. */
export function customResources(definition: KubeObject): ServedResource[] {
  const spec = objectAt(definition, "spec") ?? {};
  const names = objectAt(spec, "names") ?? {};
  const versions = objectsAt(spec, "versions");
  const storage = text(versions.find((each) => each["storage"] === true)?.["name"]);
  const group = text(spec["group"]);
  const kind = text(names["kind"]);
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
      custom: customOf(definition, version, storage),
    }));
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

function customOf(definition: KubeObject, version: JsonObject, storage: string): CustomResource {
  const subresources = objectAt(version, "subresources") ?? {};
  const scale = objectAt(subresources, "scale");
  const selectorPath = scale?.["labelSelectorPath"];
  return {
    definition: text(definition.metadata.name),
    storageVersion: storage,
    printerColumns: columnsOf(version),
    schema: objectAt(version, "schema", "openAPIV3Schema") ?? { type: "object" },
    hasStatus: isObject(getOwn(subresources, "status")),
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

function deprecation(definition: KubeObject, version: JsonObject): string {
  const spec = objectAt(definition, "spec") ?? {};
  const kind = text(objectAt(spec, "names")?.["kind"]);
  const whole = `${text(spec["group"])}/${text(version["name"])} ${kind} is deprecated`;
  return text(version["deprecationWarning"], whole);
}

function columnsOf(version: JsonObject): PrinterColumn[] {
  const columns = objectsAt(version, "additionalPrinterColumns");
  if (columns.length === 0) return [AGE];
  return columns.map((column) => ({
    name: text(column["name"]),
    type: text(column["type"]),
    jsonPath: text(column["jsonPath"]),
    ...(typeof column["format"] === "string" ? { format: column["format"] } : {}),
    ...(typeof column["description"] === "string" ? { description: column["description"] } : {}),
    ...(typeof column["priority"] === "number" ? { priority: column["priority"] } : {}),
  }));
}
