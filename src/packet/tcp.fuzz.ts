import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";
import { readTcp } from "./tcp.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => sampleParts("tcp"),
  run(input) {
    const reader = new ByteReader(input);
    const layer = readTcp(reader);
    checkEncodesBack(input, [layer, { kind: "payload", bytes: reader.rest() }]);
  },
});
export default target;
