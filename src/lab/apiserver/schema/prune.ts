import { copyJson, isObject, type SchemaNode, setOwn } from "./node.ts";
import { ROOT, ValueDecoder } from "./decode-value.ts";
import { badRequest, StatusError } from "./status-error.ts";
import type { Json, JsonObject } from "./types.ts";

const MAX_UNKNOWN = 100;
const EMBEDDED = new Set(["apiVersion", "kind", "metadata"]);

/**
 * Values of custom kinds without the fields that their structural schema does not know. Types are
 * not looked at here: validation tells of them, with causes.
 */
export class Pruner {
  readonly #ofRoot: string[] = [];
  readonly #ofFields: string[] = [];
  readonly #ofEmbedded: string[] = [];

  /** In the order in which the API server tells of them. */
  get unknown(): string[] {
    return [...this.#ofRoot, ...this.#ofFields.toSorted(), ...this.#ofEmbedded.toSorted()].slice(
      0,
      MAX_UNKNOWN,
    );
  }

  prune(node: SchemaNode | undefined, value: Json, path: string): Json {
    return this.#value(node, value, path, node?.keepsUnknown === true);
  }

  #value(node: SchemaNode | undefined, value: Json, path: string, isKept: boolean): Json {
    if (Array.isArray(value)) return this.#list(node, value, path, isKept);
    return isObject(value) ? this.#object(node, value, path, isKept) : value;
  }

  /** Where unknown fields are kept, so are those of a list's items. */
  #list(node: SchemaNode | undefined, value: Json[], path: string, isKept: boolean): Json[] {
    const items = node?.type === "list" ? node.items?.node : undefined;
    if (isKept && items === undefined) return copyJson(value);
    return value.map((each, index) => {
      return this.#value(items, each, `${path}[${index}]`, isKept || items?.keepsUnknown === true);
    });
  }

  #object(
    node: SchemaNode | undefined,
    value: JsonObject,
    path: string,
    isKept: boolean,
  ): JsonObject {
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const field = node?.fields.get(key) ?? (node?.type === "map" ? node.items : undefined);
      const at = path === "" ? key : `${path}.${key}`;
      if (field !== undefined && node?.isEmbedded === true && EMBEDDED.has(key)) {
        const inner = this.#embedded(field.node, key, each, at);
        if (inner !== undefined) setOwn(result, key, inner);
      } else if (field !== undefined) {
        setOwn(result, key, this.prune(field.node, each, at));
      } else if (isKept) {
        setOwn(result, key, copyJson(each));
      } else if (this.#ofFields.length < MAX_UNKNOWN) {
        this.#ofFields.push(at);
      }
    }
    return result;
  }

  /** Metadata is read as Go reads it, also in custom kinds. */
  #embedded(node: SchemaNode, key: string, value: Json, path: string): Json | undefined {
    const isRoot = path === key;
    if (key !== "metadata") {
      if (typeof value === "string") return value;
      throw wrongValue(path, value, "must be a string");
    }
    if (value === null) return undefined;
    const decoder = new ValueDecoder();
    try {
      const result = decoder.decode(node, value, { ...ROOT, path });
      (isRoot ? this.#ofRoot : this.#ofEmbedded).push(...decoder.unknown);
      return result;
    } catch (error) {
      if (isRoot || !(error instanceof StatusError)) throw error;
      throw wrongValue(path, value, error.message);
    }
  }
}

function wrongValue(path: string, value: Json, why: string): StatusError {
  return badRequest(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`);
}
