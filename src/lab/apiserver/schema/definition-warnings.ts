/** What the author of a definition is told that it says, and that is not held to. */
import { isObject } from "./node.ts";
import type { Json, JsonObject, KubeObject } from "./types.ts";
import { knownFormat } from "./validate/custom/formats.ts";
import { typesOf } from "./validate/custom/scalars.ts";

const RULES = "x-kubernetes-validations";
const CEL = `rules in CEL (${RULES}) are kept, but not evaluated: this is not supported by the lab's API server`;

/** Of formats, those that the old definition did not have. */
export function definitionWarnings(definition: KubeObject, old?: KubeObject): string[] {
  const { formats, hasRules } = survey(definition);
  const known = old === undefined ? new Set<string>() : survey(old).formats;
  const added = [...formats].filter((format) => !known.has(format));
  return [
    ...added.map((format) => `unrecognized format ${JSON.stringify(format)}`),
    ...(hasRules ? [CEL] : []),
  ];
}

function survey({ spec }: KubeObject): { formats: Set<string>; hasRules: boolean } {
  const formats = new Set<string>();
  let hasRules = false;
  const versions = isObject(spec) && Array.isArray(spec["versions"]) ? spec["versions"] : [];
  let open: Json[] = versions.map((each) => (isObject(each) ? (each["schema"] ?? null) : null));
  while (open.length > 0) {
    const next: Json[] = [];
    for (const each of open) {
      if (isObject(each)) {
        if (Array.isArray(each[RULES])) hasRules = true;
        const format = unknownFormat(each);
        if (format !== undefined) formats.add(format);
      }
      if (typeof each === "object" && each !== null) next.push(...Object.values(each));
    }
    open = next;
  }
  return { formats, hasRules };
}

/** A field of that name is no format: it has a schema, which is an object. */
function unknownFormat(schema: JsonObject): string | undefined {
  const { format } = schema;
  if (typeof format !== "string" || format === "") return undefined;
  return knownFormat(schema, typesOf(schema)) === undefined ? format : undefined;
}
