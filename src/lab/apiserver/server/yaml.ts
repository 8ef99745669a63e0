/** YAML in and out: what is JSON but for its looks. */
import { parse, stringify } from "yaml";
import { badRequest } from "../schema/status-error.ts";

export const YAML_TYPE = "application/yaml";
/** Anchors can make much of little. */
const MAX_ALIASES = 100;

export function parseYaml(text: string): unknown {
  try {
    return parse(text, { merge: true, maxAliasCount: MAX_ALIASES }) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`);
  }
}

/** With its keys in order. */
export function yamlOf(value: unknown): string {
  return stringify(value, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}
