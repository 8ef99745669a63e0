import { isObject } from "../../node.ts";
import type { CustomResource, Json } from "../../types.ts";
import { View } from "../view.ts";

const REPLICAS_MAX = 2 ** 31 - 1;
const GO_TYPES: Readonly<Record<string, string>> = { boolean: "bool", number: "float64" };

type Scale = NonNullable<CustomResource["scale"]>;

/** The numbers that the scale of an object is made of, wherever the object has them. */
export function checkScaleSpec(scale: Scale, object: View): void {
  checkReplicas(scale.specReplicasPath, object);
}

export function checkScaleStatus(scale: Scale, object: View): void {
  checkReplicas(scale.statusReplicasPath, object);
  const path = scale.labelSelectorPath;
  if (path === undefined) return;
  const [value, problem] = follow(object.value, path);
  const place = new View("", path, object.causes);
  if (problem !== undefined) place.invalid(problem);
  else if (value !== undefined && typeof value !== "string") {
    place.invalid(wrongType(path, value, "string"));
  }
}

function checkReplicas(path: string, object: View): void {
  const [value, problem] = follow(object.value, path);
  const place = new View(typeof value === "number" ? value : 0, path, object.causes);
  if (problem !== undefined) place.invalid(problem);
  else if (value === undefined) return;
  else if (!Number.isInteger(value)) place.invalid(wrongType(path, value, "int64"), 0);
  else if (place.number < 0) place.invalid("should be a non-negative integer");
  else if (place.number > REPLICAS_MAX) {
    place.invalid(`should be less than or equal to ${REPLICAS_MAX}`);
  }
}

/** What is at the path, or why nothing can be there. */
function follow(object: Json | undefined, path: string): [Json | undefined, string?] {
  let value = object;
  for (const step of path.split(".").filter((each) => each !== "")) {
    if (value === undefined) return [undefined];
    if (!isObject(value)) {
      return [undefined, wrongType(path, value, "map[string]interface{}")];
    }
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return [value];
}

function wrongType(path: string, value: Json, wanted: string): string {
  const type = goType(value);
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return `${path} accessor error: ${shown} is of the type ${type}, expected ${wanted}`;
}

function goType(value: Json): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (Number.isInteger(value)) return "int64";
  if (isObject(value)) return "map[string]interface {}";
  return GO_TYPES[typeof value] ?? typeof value;
}
