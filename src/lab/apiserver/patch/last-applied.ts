/** What kubectl's older way to apply leaves behind, and its newer way takes over. */
import { isObject, type SchemaNode, sortedKeys } from "../schema/node.ts";
import type { Json, KubeObject } from "../schema/types.ts";
import { FieldSet } from "./field-set.ts";
import { compare, fieldsOf } from "./typed.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Only it takes over; others may choose another name. */
const MANAGER = "kubectl";

function annotationOf(object: KubeObject): string | undefined {
  return object.metadata.annotations?.[LAST_APPLIED];
}

/**
 * Fields that the manager had applied before in the older way, and that are still as he left them:
 * they are no conflicts to him.
 */
export function appliedBefore(node: SchemaNode, live: KubeObject, manager: string): FieldSet {
  const text = manager === MANAGER ? annotationOf(live) : undefined;
  const config = text === undefined ? undefined : parsed(text);
  if (!isObject(config) || config["apiVersion"] !== live.apiVersion) return new FieldSet();
  const { changed, removed } = compare(node, config, live);
  return fieldsOf(node, config).remove(changed).remove(removed);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The annotation, where there is one, says what was applied now. */
export function withLastApplied(
  result: KubeObject,
  config: KubeObject,
  manager: string,
): KubeObject {
  if (manager !== MANAGER || annotationOf(result) === undefined) return result;
  const annotations = { ...result.metadata.annotations };
  annotations[LAST_APPLIED] = `${JSON.stringify(sortedKeys(config))}\n`;
  return { ...result, metadata: { ...result.metadata, annotations } };
}
