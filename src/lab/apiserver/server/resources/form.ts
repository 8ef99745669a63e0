/** Objects in the form that a client asked for: whole, as rows of a table, or their metadata. */
import { badRequest, StatusError } from "../../schema/status-error.ts";
import type { JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import type { Answer } from "../accept.ts";
import { invalidValue } from "../errors.ts";
import { descriptionOf } from "../table/descriptions.ts";
import { tableOf } from "../table/table.ts";
import type { TableColumn } from "../table/types.ts";

/** What a row carries of its object. */
type IncludeObject = "None" | "Metadata" | "Object";

export function includeObjectOf(params: URLSearchParams): IncludeObject {
  const value = params.get("includeObject") ?? "";
  if (value === "") return "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  const why = "must be 'Metadata', 'Object', 'None', or empty";
  const { message } = invalidValue("includeObject", value, why);
  throw badRequest(`Unable to convert to Table as requested: includeObject: ${message}`);
}

export interface FormOptions {
  readonly answer: Answer;
  readonly include: IncludeObject;
  readonly nowMs: number;
}

/** One object; undefined where the form is the object itself. */
export function formOf(
  resource: ServedResource,
  object: KubeObject,
  options: FormOptions,
): object | undefined {
  switch (options.answer.form) {
    case "object":
      return undefined;
    case "PartialObjectMetadata":
      return metadataOnly(object, options.answer.version);
    case "Table":
      return table(
        resource,
        [object],
        { resourceVersion: object.metadata.resourceVersion ?? "" },
        options,
      );
    case "PartialObjectMetadataList":
      throw notThisForm(
        "PartialObjectMetadataList",
        `not a list (*${goType(resource, resource.kind)})`,
      );
    default:
      return undefined;
  }
}

function notThisForm(form: string, is: string): StatusError {
  const message = `you requested ${form}, but the requested object is ${is}`;
  return new StatusError(406, "NotAcceptable", message);
}

/** What the reference calls a kind within: `core.ConfigMap`. */
function goType({ group, custom }: ServedResource, kind: string): string {
  if (custom !== undefined) {
    return kind.endsWith("List") ? "unstructured.UnstructuredList" : "unstructured.Unstructured";
  }
  return `${group === "" ? "core" : group.replace(/\..*$/, "")}.${kind}`;
}

/** A list; undefined where the form is that of the objects themselves. */
export function listFormOf(
  resource: ServedResource,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  options: FormOptions,
): object | undefined {
  const { form, version } = options.answer;
  if (form === "object") return undefined;
  if (form === "Table") return table(resource, objects, metadata, options);
  if (form === "PartialObjectMetadata") {
    throw notThisForm("PartialObjectMetadata", `a list (*${goType(resource, resource.listKind)})`);
  }
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: objects.map((object) => metadataOnly(object, version)),
  };
}

/** Every table but those of a watch's later events says its columns. */
export function table(
  resource: ServedResource,
  objects: readonly KubeObject[],
  metadata: JsonObject,
  { answer, include, nowMs }: FormOptions,
  hasColumns = true,
): object {
  const { columns, cellsOf } = tableOf(resource);
  const rows = objects.map((object) => {
    const { cells, conditions } = cellsOf(object, nowMs);
    return {
      cells,
      ...(conditions === undefined ? {} : { conditions }),
      ...rowObject(object, include, answer.version),
    };
  });
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${answer.version}`,
    metadata,
    columnDefinitions: hasColumns ? columns.map((one) => definitionOf(resource, one)) : null,
    rows,
  };
}

function definitionOf(
  resource: ServedResource,
  { name, type, format, description, priority }: TableColumn,
): object {
  return {
    name,
    type,
    format: format ?? "",
    description: description ?? descriptionOf(resource, name),
    priority: priority ?? 0,
  };
}

function rowObject(object: KubeObject, include: IncludeObject, version: string): object {
  if (include === "None") return { object: null };
  return { object: include === "Object" ? object : metadataOnly(object, version) };
}

export function metadataOnly({ metadata }: KubeObject, version: string): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}
