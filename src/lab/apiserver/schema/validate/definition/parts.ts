/** Columns, subresources and selectable fields of versions. */
import { isObject } from "../../node.ts";
import { View } from "../view.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = [
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];
const SELECTABLE_TYPES = new Set(["string", "boolean", "integer"]);
const SELECTABLE_MAX = 8;

export function validateColumns(columns: View): void {
  for (const column of columns.items()) {
    const [name, type, format] = [column.at("name"), column.at("type"), column.at("format")];
    if (name.text === "") name.required();
    const types = `must be one of ${COLUMN_TYPES.join(",")}`;
    if (type.text === "") type.required(types);
    else if (!COLUMN_TYPES.includes(type.text)) type.invalid(types);
    if (format.text !== "" && !COLUMN_FORMATS.includes(format.text)) {
      format.invalid(`must be one of ${COLUMN_FORMATS.join(",")}`);
    }
    const path = column.at("jsonPath");
    checkPath(new View(path.value, `${column.path}.JSONPath`, column.causes));
  }
}

/** Answers whether it is a path. */
function checkPath(path: View): boolean {
  if (path.text === "") path.required();
  else if (path.text.startsWith(".")) return true;
  else path.invalid("must be a simple json path starting with .");
  return false;
}

export function validateSubresources(subresources: View): void {
  const scale = subresources.at("scale");
  if (!scale.isThere) return;
  const spec = scale.at("specReplicasPath");
  if (checkPath(spec) && !spec.text.startsWith(".spec.")) {
    spec.invalid("should be a json path under .spec");
  }
  const status = scale.at("statusReplicasPath");
  if (checkPath(status) && !status.text.startsWith(".status.")) {
    status.invalid("should be a json path under .status");
  }
  const selector = scale.at("labelSelectorPath");
  if (selector.text === "" || !checkPath(selector)) return;
  if (!selector.text.startsWith(".spec.") && !selector.text.startsWith(".status.")) {
    selector.invalid("should be a json path under either .spec or .status");
  }
}

export function validateSelectableFields(fields: View, schema: View): void {
  const seen = new Set<string>();
  for (const field of fields.items()) {
    const path = field.at("jsonPath");
    if (path.text === "") {
      path.required();
      continue;
    }
    const found = follow(schema, path.text);
    if (typeof found === "string") {
      path.invalid(`is an invalid path: ${found}`);
      continue;
    }
    if (path.text.startsWith(".metadata")) path.invalid("must not point to fields in metadata");
    if (!SELECTABLE_TYPES.has(found.at("type").text)) {
      path.invalid(
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
      );
    }
    if (seen.has(path.text)) path.duplicate();
    seen.add(path.text);
  }
  if (seen.size > SELECTABLE_MAX) fields.tooMany(seen.size, SELECTABLE_MAX);
}

/** The schema of the field, or why there is none. */
function follow(schema: View, path: string): View | string {
  if (path.includes("[")) return "array notation is not allowed";
  if (!path.startsWith(".")) return `expected [ or . but got: ${path}`;
  let here = schema;
  for (const step of path.slice(1).split(".")) {
    const { value } = here.at("properties");
    if (!isObject(value) || !Object.hasOwn(value, step)) return "does not refer to a valid field";
    here = here.at("properties").key(step);
  }
  return here;
}
