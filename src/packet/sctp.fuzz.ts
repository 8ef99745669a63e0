import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";
import { readSctp } from "./sctp.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => sampleParts("sctp"),
  run(input) {
    for (const isCut of [true, false]) {
      const reader = new ByteReader(input);
      const layer = readSctp(reader, isCut);
      checkEncodesBack(input, [layer, { kind: "payload", bytes: reader.rest() }]);
    }
  },
});
export default target;
