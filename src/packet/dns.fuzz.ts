import { assert, fromHex } from "#base";
import { decodeDns, encodeLayers } from "#packet";
import { defineFuzz, type FuzzTarget } from "#test";
import { sampleParts } from "./samples.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    ...sampleParts("dns"),
    // Two questions, the second with a pointer to the end of the first.
    fromHex("00070100000200000000000003777777036e65740000010001036170c010001c0001"),
    fromHex("0007010000020000000000000161c00c00010001c00cc00c00010001"),
  ],
  run(input) {
    const message = decodeDns(input);
    // The second time there are no pointers in it.
    const again = decodeDns(encodeLayers([message]));
    assert(JSON.stringify(again) === JSON.stringify(message), "a DNS header reads back");
    for (const { name } of message.questions) assert(/^[!-~]+\.$|^\.$/.test(name), "a name prints");
  },
});
export default target;
