/** Protobuf messages written by hand: for tests. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

export function numberField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8), ...varint(value)]);
}

export function bytesField(number: number, value: Uint8Array): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(value.length), ...value]);
}

export function textField(number: number, value: string): Uint8Array {
  return bytesField(number, Buffer.from(value));
}

export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** The object in what Kubernetes wraps around all of them. */
export function envelope(apiVersion: string, kind: string, object: Uint8Array): Uint8Array {
  const type = message(textField(1, apiVersion), textField(2, kind));
  return message(Buffer.from("k8s\0"), bytesField(1, type), bytesField(2, object));
}
