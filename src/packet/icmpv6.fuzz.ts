import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { readIcmpv6 } from "./icmpv6.ts";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => sampleParts("icmpv6"),
  run(input) {
    for (const isCut of [true, false]) {
      const reader = new ByteReader(input);
      const layer = readIcmpv6(reader, isCut);
      checkEncodesBack(input, [layer, { kind: "payload", bytes: reader.rest() }]);
    }
  },
});
export default target;
