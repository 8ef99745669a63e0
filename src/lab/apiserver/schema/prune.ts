import { copyJson, isObject, type SchemaNode, setOwn } from "./node.ts";
import { ROOT, ValueDecoder } from "./decode-value.ts";
import type { Json, JsonObject } from "./types.ts";

const MAX_UNKNOWN = 100;
const EMBEDDED = new Set(["apiVersion", "kind", "metadata"]);

/**
 * Values of custom kinds without the fields that their structural schema does not know. Types are
 * not looked at here: validation tells of them, with causes.
 */
export class Pruner {
  readonly unknown: string[] = [];

  prune(node: SchemaNode, value: Json, path: string): Json {
    if (Array.isArray(value)) {
      const { items } = node;
      if (items === undefined) return copyJson(value);
      return value.map((each, index) => this.prune(items.node, each, `${path}[${index}]`));
    }
    if (!isObject(value)) return value;
    if (node.type === "map") return this.#map(node, value, path);
    return this.#object(node, value, path);
  }

  #map({ items }: SchemaNode, value: JsonObject, path: string): JsonObject {
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const inner =
        items === undefined ? copyJson(each) : this.prune(items.node, each, `${path}.${key}`);
      setOwn(result, key, inner);
    }
    return result;
  }

  #object(node: SchemaNode, value: JsonObject, path: string): JsonObject {
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const field = node.fields.get(key);
      const at = path === "" ? key : `${path}.${key}`;
      if (field === undefined) {
        // A value of another type than object is validation's to refuse.
        const keeps = node.keepsUnknown === true;
        if (keeps) setOwn(result, key, copyJson(each));
        else if (this.unknown.length < MAX_UNKNOWN) this.unknown.push(at);
      } else if (node.isEmbedded && EMBEDDED.has(key)) {
        const inner = this.#embedded(field.node, each, at);
        if (inner !== undefined) setOwn(result, key, inner);
      } else {
        setOwn(result, key, this.prune(field.node, each, at));
      }
    }
    return result;
  }

  /** Metadata is read as Go reads it, also in custom kinds. */
  #embedded(node: SchemaNode, value: Json, path: string): Json | undefined {
    if (value === null) return undefined;
    const decoder = new ValueDecoder();
    const result = decoder.decode(node, value, { ...ROOT, path, keys: path });
    this.unknown.push(...decoder.unknown.slice(0, MAX_UNKNOWN - this.unknown.length));
    return result;
  }
}
