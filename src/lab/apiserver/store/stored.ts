/** One state of an object as bytes: on disk, in the watch window, and in answers. */
import { isDeepStrictEqual } from "node:util";
import { StoreError } from "./errors.ts";
import type { StorableObject, StoredObject } from "./types.ts";

/** As etcd's: what a request to it may have. */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;
/** The revision, before the JSON. */
const HEADER_BYTES = 8;

export class Stored implements StoredObject {
  readonly key: string;
  readonly revision: number;
  /** The header and the JSON, as on disk. */
  readonly value: Buffer;
  #object: StorableObject | undefined;

  constructor(key: string, value: Buffer) {
    this.key = key;
    this.revision = Number(value.readBigUInt64BE(0));
    this.value = value;
  }

  get json(): Buffer {
    return this.value.subarray(HEADER_BYTES);
  }

  get object(): StorableObject {
    this.#object ??= JSON.parse(this.json.toString()) as StorableObject;
    return this.#object;
  }
}

/** The state of an object at `revision`. It is the object's JSON, so no field is undefined in it. */
export function encode(key: string, object: StorableObject, revision: number): Stored {
  const text = textAt(object, revision);
  const length = Buffer.byteLength(text);
  if (length > MAX_OBJECT_BYTES) {
    throw new StoreError(
      "too-large",
      `the object has ${length} bytes, and at most ${MAX_OBJECT_BYTES} can be stored`,
    );
  }
  const value = Buffer.allocUnsafeSlow(HEADER_BYTES + length);
  value.writeBigUInt64BE(BigInt(revision), 0);
  value.write(text, HEADER_BYTES);
  return new Stored(key, value);
}

/** Whether `object` is what is stored already, resourceVersion and the order of keys aside. */
export function isSame(stored: Stored, object: StorableObject): boolean {
  const text = Buffer.from(textAt(object, stored.revision));
  if (text.length !== stored.json.length) return false;
  return stored.json.equals(text) || isDeepStrictEqual(JSON.parse(text.toString()), stored.object);
}

function textAt(object: StorableObject, revision: number): string {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return JSON.stringify({
    ...object,
    metadata: { ...metadata, resourceVersion: String(revision) },
  });
}
