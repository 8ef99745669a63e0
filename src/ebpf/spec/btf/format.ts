/** Numbers of <linux/btf.h>, and what the decoder accepts at most. */

export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const BTF_HEADER_BYTES = 24;

export const BtfKindNumber = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

export type BtfKind = keyof typeof BtfKindNumber;

export const KIND_OF_NUMBER: ReadonlyMap<number, BtfKind> = new Map(
  (Object.entries(BtfKindNumber) as [BtfKind, number][]).map(([kind, number]) => [number, kind]),
);

/** Bits of an integer's encoding. */
export const IntEncoding = { signed: 1, char: 2, bool: 4 } as const;

export const FuncLinkage = { static: 0, global: 1, extern: 2 } as const;

/** The kernel's own has about 150,000 types in six megabytes. */
export const MAX_BTF_BYTES: number = 64 * 1024 * 1024;
export const MAX_TYPES = 1_000_000;
/** How many modifiers, arrays or structs may stand inside each other; the kernel's limit too. */
export const MAX_TYPE_DEPTH = 32;
/** No map value or variable is larger. */
export const MAX_VALUE_BYTES: number = 64 * 1024 * 1024;
