import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { readIcmpv4 } from "./icmpv4.ts";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => sampleParts("icmpv4"),
  run(input) {
    const reader = new ByteReader(input);
    const layer = readIcmpv4(reader);
    checkEncodesBack(input, [layer, { kind: "payload", bytes: reader.rest() }]);
  },
});
export default target;
