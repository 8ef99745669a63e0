import { ByteReader } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { IpProtocol } from "./constants.ts";
import { readExtension } from "./ipv6-extensions.ts";
import { checkEncodesBack } from "./round-trip.ts";
import { sampleParts } from "./samples.ts";

// In the order of what they demand: the first to refuse an input ends its run.
const PROTOCOLS = [
  IpProtocol.fragment,
  IpProtocol.routing,
  IpProtocol.hopByHop,
  IpProtocol.destinationOptions,
];

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    ...sampleParts("hop-by-hop"),
    ...sampleParts("routing"),
    ...sampleParts("fragment"),
  ],
  run(input) {
    for (const protocol of PROTOCOLS) {
      const reader = new ByteReader(input);
      const extension = readExtension(reader, protocol);
      checkEncodesBack(input, [extension, { kind: "payload", bytes: reader.rest() }]);
    }
  },
});
export default target;
