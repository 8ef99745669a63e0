import { encodeBtf } from "./encode.ts";
import type { BtfType } from "./types.ts";

/** A type without what a file adds to it; `name` and the names of parts are enough. */
type Plain<T> = T extends BtfType
  ? Omit<Plainly<T>, "nameOffset" | "kindFlag" | "offset" | "name"> & {
      name?: string;
      kindFlag?: boolean;
    }
  : never;
type Plainly<T> = { [K in keyof T]: T[K] extends readonly (infer E)[] ? Part<E>[] : T[K] };
type Part<E> = E extends { nameOffset: number } ? Omit<E, "nameOffset"> : E;

/** BTF of types written by hand, for tests; the first has the id 1. */
export function buildBtf(types: readonly Plain<BtfType>[]): Uint8Array {
  let strings = "\0";
  const offsets = new Map([["", 0]]);
  const offsetOf = (text: string): number => {
    const known = offsets.get(text);
    if (known !== undefined) return known;
    const offset = strings.length;
    offsets.set(text, offset);
    strings += `${text}\0`;
    return offset;
  };
  const named = <T extends { name?: string }>(part: T): T & { nameOffset: number } => ({
    ...part,
    nameOffset: offsetOf(part.name ?? ""),
  });
  const full = types.map((type) => {
    const parts: Record<string, unknown> = {};
    for (const key of ["members", "values", "params"] as const) {
      const list = (type as Record<string, unknown>)[key] as { name: string }[] | undefined;
      if (list !== undefined) parts[key] = list.map(named);
    }
    return { kindFlag: false, name: "", offset: 0, ...named(type), ...parts } as BtfType;
  });
  return encodeBtf({ types: full, strings: new TextEncoder().encode(strings) });
}
