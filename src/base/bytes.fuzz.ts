import { assert, ByteReader, DecodeError, fromHex, toHex } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

const MAX_STEPS = 200;

/** Reads as the input itself says: each step is a byte that chooses what to read next. */
function walk(reader: ByteReader, depth: number): void {
  for (let step = 0; step < MAX_STEPS && reader.remaining > 0; step++) {
    const before = reader.offset;
    const choice = reader.u8();
    const length = choice >> 3;
    switch (choice & 7) {
      case 0:
        reader.u16be("a number");
        break;
      case 1:
        reader.u64le("a number");
        break;
      case 2:
        assert(reader.bytes(length).length === length, "a piece has its length");
        break;
      case 3:
        reader.skip(length - 2);
        break;
      case 4:
        if (depth < 3) walk(reader.sub(length), depth + 1);
        break;
      case 5:
        reader.align(length + 1);
        break;
      case 6:
        assert(!reader.cstring().includes("\0"), "a cstring has no zero byte");
        break;
      default:
        reader.text(reader.peek(1)[0] ?? 0);
    }
    assert(reader.offset > before && reader.remaining >= 0, "reading goes forward and ends");
  }
}

function readHex(text: string): void {
  let bytes: Uint8Array;
  try {
    bytes = fromHex(text);
  } catch (error) {
    if (error instanceof DecodeError) return;
    throw error;
  }
  assert(toHex(bytes) === text.toLowerCase(), "hexadecimal text reads back");
}

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    fromHex("0000010102030405060708"),
    fromHex("12aabb14010203042d0000000000"),
    fromHex("66000e616263007f0461626364"),
    new TextEncoder().encode("00ff7f"),
  ],
  run(input) {
    readHex(new TextDecoder("latin1").decode(input));
    walk(new ByteReader(input), 0);
  },
});
export default target;
