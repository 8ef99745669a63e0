/** The OpenAPI v3 structural schema of a definition. */
import { unreachable } from "#base";
import * as z from "zod/mini";
import { anatomyOf, factsOf, type Schema } from "./schema.ts";

export type OpenApiSchema = Readonly<Record<string, unknown>>;

const ANYTHING = {
  description: "Kept for others, and not read here.",
  type: "object",
  "x-kubernetes-preserve-unknown-fields": true,
};

export function openApiOf(schema: Schema): OpenApiSchema {
  const anatomy = anatomyOf(schema);
  const { openApi, ignored } = factsOf(schema);
  switch (anatomy.kind) {
    case "fields": {
      const properties: [string, OpenApiSchema][] = [];
      const required: string[] = [];
      for (const [name, field] of anatomy.fields) {
        const { description } = field;
        const words = description === undefined ? {} : { description };
        properties.push([name, { ...words, ...openApiOf(field.schema) }]);
        if (!field.isOptional) required.push(name);
      }
      for (const name of ignored ?? []) properties.push([name, ANYTHING]);
      return {
        type: "object",
        properties: Object.fromEntries(properties),
        ...(required.length === 0 ? {} : { required }),
        ...openApi,
      };
    }
    case "dictionary":
      return { type: "object", additionalProperties: openApiOf(anatomy.value), ...openApi };
    case "list":
      return { type: "array", items: openApiOf(anatomy.item), ...openApi };
    case "value":
      return { ...valueType(schema), ...openApi };
    default:
      return unreachable(anatomy);
  }
}

function valueType(schema: Schema): OpenApiSchema {
  if (schema instanceof z.ZodMiniString) return { type: "string" };
  if (schema instanceof z.ZodMiniNumber) return { type: "integer" };
  if (schema instanceof z.ZodMiniBoolean) return { type: "boolean" };
  // Others say all of it in their facts.
  return {};
}
