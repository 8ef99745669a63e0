import { assert, type ByteReader, DecodeError, type IpAddress, type MacAddress } from "#base";

/** Of any layer: what `encodeLayers` and defaults need to know of the neighbours of a header. */
export interface AnyLayer {
  readonly kind: string;
}

/** A value as tests like to write it: addresses may be text, at any depth. */
type Loose<T> = T extends IpAddress
  ? IpAddress | string
  : T extends MacAddress
    ? MacAddress | string
    : T extends Uint8Array
      ? T
      : T extends readonly (infer Item)[]
        ? readonly Loose<Item>[]
        : T extends object
          ? { readonly [Key in keyof T]: Loose<T[Key]> }
          : T;

/** What says of which shape a layer is, and so cannot be left out. */
type Tag = "kind" | "message";

/** A layer of which any field may be missing: the encoder fills it in. Each layer is one, too. */
export type Draft<Layer> = Layer extends unknown
  ? { readonly [Key in keyof Layer & Tag]: Layer[Key] } & {
      readonly [Key in Exclude<keyof Layer, Tag>]?: Loose<Layer[Key]>;
    }
  : never;

/** The fields of a layer as the builder takes them: those in `Needed` have no default. */
export type Fields<Layer, Needed extends keyof Layer = never> = Layer extends unknown
  ? { readonly [Key in Needed | (keyof Layer & "message")]: Loose<Layer[Key]> } & {
      readonly [Key in Exclude<keyof Layer, Tag | Needed>]?: Loose<Layer[Key]>;
    }
  : never;

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** `value`, which must fit a field of `width` bits: anything else is the caller's mistake. */
export function bits(value: number, width: number, what: string): number {
  const fits = Number.isInteger(value) && value >= 0 && value < 2 ** width;
  assert(fits, `${what} is a number of ${width} bits, and ${value} is none`);
  return value;
}

/** A length in bytes as a field counts it, in units of so many bytes. */
export function inUnits(bytes: number, unit: number, width: number, what: string): number {
  assert(bytes % unit === 0, `${what} is a multiple of ${unit} bytes, and ${bytes} is none`);
  return bits(bytes / unit, width, what);
}

/** Says at the start of a header that it is not whole, rather than in the middle of it. */
export function needBytes(reader: ByteReader, length: number, what: string): void {
  if (reader.remaining >= length) return;
  const message = `${length} bytes of ${what} needed, ${reader.remaining} left`;
  throw new DecodeError(message, reader.offset);
}
