/** Objects of custom kinds, as their definition wants them. */
import { getOwn, isObject } from "../node.ts";
import type { CustomResource, JsonObject } from "../types.ts";
import { checkEmbedded, checkUnique } from "./custom/members.ts";
import { checkScaleSpec, checkScaleStatus } from "./custom/scale.ts";
import { type Before, checkValue } from "./custom/values.ts";
import { View } from "./view.ts";

/** Metadata has been looked at already. `old` is none where the object is new. */
export function validateCustom(
  { schema, scale }: CustomResource,
  object: View,
  old: View | undefined,
): void {
  if (!isObject(object.value)) return;
  const before = old?.value === undefined ? undefined : { value: old.value };
  object.causes.push(...checkValue(schema, object.value, "", before).causes(undefined));
  if (scale !== undefined) {
    checkScaleSpec(scale, object);
    checkScaleStatus(scale, object);
  }
  checkEmbedded(schema, object);
  validateUnique(schema, object, old);
}

/** Of a change of the status, that alone. */
export function validateCustomStatus(
  { schema, scale }: CustomResource,
  object: View,
  old: View,
): void {
  const status = object.at("status");
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const inner = getOwn(properties, "status");
  if (status.value !== undefined && isObject(inner)) {
    const was = old.at("status").value;
    const before: Before = was === undefined ? undefined : { value: was };
    object.causes.push(...checkValue(inner, status.value, "", before).causes("status"));
  }
  if (scale !== undefined) checkScaleStatus(scale, object);
  validateUnique(schema, object, old);
}

function validateUnique(schema: JsonObject, object: View, old: View | undefined): void {
  // Lists that were wrong before may stay so.
  if (old !== undefined) {
    const probe = new View(old.value, "", []);
    checkUnique(schema, probe);
    if (probe.causes.length > 0) return;
  }
  checkUnique(schema, object);
}
