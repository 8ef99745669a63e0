import { assert, fromHex } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { readFlows } from "./flows.ts";

const TUPLE_IP = "14000180080001000a650102080002000ac90005";
const TUPLE_UDP = "1c000280050001001100000006000200c35000000600030000350000";
/** A datagram flow from 10.101.1.2 to 10.201.0.5, answered by the same. */
const FLOW = `7c0000000001020000000000000000000200000034000180${TUPLE_IP}${TUPLE_UDP}`;

const target: FuzzTarget = defineFuzz({
  corpus: () => [
    fromHex(`${FLOW}34000280${TUPLE_IP}${TUPLE_UDP}`),
    fromHex("1400000003000200000000000000000000000000"),
  ],
  run(input) {
    for (const { port, key } of readFlows(input).flows) {
      assert(port <= 0xffff && key.length <= input.length, "a flow is made of what was given");
    }
  },
});
export default target;
