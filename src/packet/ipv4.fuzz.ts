import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { readIpv4 } from "./ipv4.ts";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => sampleParts("ipv4"),
  run(input) {
    const reader = new ByteReader(input);
    const layer = readIpv4(reader);
    checkEncodesBack(input, [layer, { kind: "payload", bytes: reader.rest() }]);
  },
});
export default target;
