import { encodeError, kindOf, type Node, type Value, type ValueInput } from "./node.ts";

/** An array of anything but single bytes. */
export function arrayNode(element: Node, count: number): Node {
  const { size } = element;
  return {
    size: size * count,
    leaves: element.leaves * count,
    read(view, at): Value {
      const values: Value[] = [];
      for (let index = 0; index < count; index++)
        values.push(element.read(view, at + index * size));
      return values;
    },
    write(view, at, value, path) {
      if (!Array.isArray(value) || value.length !== count) {
        throw encodeError(path, `a list of ${count} is needed, not ${kindOf(value)}`);
      }
      for (const [index, each] of (value as ValueInput[]).entries()) {
        element.write(view, at + index * size, each, `${path}[${index}]`);
      }
    },
    cover(mask, at) {
      for (let index = 0; index < count; index++) element.cover(mask, at + index * size);
    },
  };
}

/** An array of single bytes. Reads copy, since map values are read into buffers used again. */
export function bytesNode(count: number, isText: boolean): Node {
  return {
    size: count,
    leaves: 1,
    read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, count).slice(),
    write(view, at, value, path) {
      const bytes = bytesOf(value, count, isText, path);
      if (bytes?.length !== count) {
        const orText = isText ? " or a text" : "";
        throw encodeError(path, `${count} bytes${orText} are needed, not ${kindOf(value)}`);
      }
      new Uint8Array(view.buffer, view.byteOffset + at, count).set(bytes);
    },
    cover: (mask, at) => void mask.fill(0xff, at, at + count),
  };
}

function bytesOf(
  value: ValueInput,
  count: number,
  isText: boolean,
  path: string,
): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return isText ? textBytes(value, count, path) : undefined;
  if (!Array.isArray(value)) return undefined;
  return Uint8Array.from(value as ValueInput[], (each, index) => {
    const isByte = typeof each === "number" && (each & 0xff) === each;
    if (!isByte) throw encodeError(`${path}[${index}]`, `a byte is needed, not ${kindOf(each)}`);
    return each;
  });
}

/** With zeros to its end. C lets a text fill its array whole. */
function textBytes(text: string, count: number, path: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length > count) {
    throw encodeError(path, `a text of ${encoded.length} bytes is too long for ${count}`);
  }
  const bytes = new Uint8Array(count);
  bytes.set(encoded);
  return bytes;
}
