import { assert } from "#base";
import {
  decodeLayers,
  type DecodeOptions,
  diffPackets,
  formatPacket,
  type Layer,
  verifyChecksums,
} from "#packet";
import { defineFuzz, type FuzzTarget } from "#test";
import { checkEncodesBack } from "./round-trip.ts";
import { samples } from "./samples.ts";

/** Only the first name of a message cannot have pointers, which would be written out. */
function isPlain(layer: Layer): boolean {
  return layer.kind !== "dns" || layer.questions.length <= 1;
}

function tryOptions(input: Uint8Array, options: DecodeOptions): void {
  const { packet, error, rest } = decodeLayers(input, options);
  const isInside = error === undefined || (error.offset >= 0 && error.offset <= input.length);
  assert(isInside, "errors point into the input");
  const end = input.length - rest.length;
  assert(
    packet.offsets.every((at, index) => at <= (packet.offsets[index + 1] ?? end)),
    "in order",
  );
  const text = formatPacket(input, options);
  assert(!/[\n\0]/.test(text), "a packet is one line");
  assert(diffPackets(input, input, options).length === 0, "a packet does not differ from itself");
  if (error !== undefined) return;
  if (packet.layers.every(isPlain)) checkEncodesBack(input, packet.layers);
  verifyChecksums(input, options);
}

const target: FuzzTarget = defineFuzz({
  corpus: () => samples().map(({ bytes }) => bytes),
  run(input) {
    for (const from of ["ethernet", "ip"] as const) {
      for (const isPrefix of [false, true]) tryOptions(input, { from, isPrefix });
    }
    // The header that most of the corpus has before IP says little; more is behind it.
    tryOptions(input.subarray(14), { from: "ip" });
  },
});
export default target;
