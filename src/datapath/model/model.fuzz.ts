import { assert } from "#base";
import { packet, type PacketBuilder } from "#packet";
import { defineFuzz, type FuzzTarget } from "#test";
import { ALICE, BOB, frameOf, ipFrame, SERVER, TestWorld } from "./test-world.ts";

const PORTS = { sourcePort: 40_000, destinationPort: 80 };
const ECHO = { message: "echo-request", identifier: 7 } as const;
const v4 = ipFrame(ALICE, ALICE.ipv4, SERVER.ipv4);
const v6 = ipFrame(ALICE, ALICE.ipv6, BOB.ipv6);
const inner4 = packet().ipv4({ source: SERVER.ipv4, destination: ALICE.ipv4 }).udp(PORTS);
const inner6 = packet().ipv6({ source: BOB.ipv6, destination: ALICE.ipv6 }).udp(PORTS);

const BUILDERS: readonly PacketBuilder[] = [
  v4.tcp({ ...PORTS, flags: ["SYN"] }),
  v4.tcp({ ...PORTS, flags: ["ACK"] }),
  v4.udp(PORTS),
  v4.icmp(ECHO),
  v4.icmp({ message: "unreachable", embedded: inner4.build() }),
  v6.sctp(PORTS),
  v6.hopByHop().destinationOptions().fragmentHeader({ moreFragments: true }).udp(PORTS),
  v6.fragmentHeader({ fragmentOffset: 8 }).payload("rest"),
  v6.icmpv6(ECHO),
  v6.icmpv6({ message: "unreachable", embedded: inner6.build() }),
  v6.icmpv6({ message: "neighbour-solicitation", target: BOB.ipv6 }),
  frameOf(ALICE).arp({ senderMac: ALICE.mac, senderIp: ALICE.ipv4, targetIp: BOB.ipv4 }),
];

/** One world for all inputs, so that they meet what others have left; a new one now and then. */
const INPUTS_A_WORLD = 500;
let world = new TestWorld({ aggregation: 0 });
let inputs = 0;

const target: FuzzTarget = defineFuzz({
  corpus: () => BUILDERS.map((builder) => builder.build()),
  run(input) {
    inputs += 1;
    if (inputs % INPUTS_A_WORLD === 0) world = new TestWorld({ aggregation: 0 });
    world.setEpoch(1 + (inputs >> 4));
    world.now += 3;
    for (const { action, events, redirectTo } of [
      world.fromPod(ALICE, input),
      world.toPod(ALICE, input),
      world.toPod(ALICE, input, 3),
    ]) {
      assert((action === 7) === (redirectTo !== undefined), "who is redirected goes somewhere");
      const drops = events.filter(({ kind }) => kind === 1);
      assert(drops.length <= 1, "a packet is dropped once");
      assert(drops.length === 0 || action === 2, "what is told to be dropped is");
      assert(action !== 7 || drops.length === 0, "and what goes on is not");
    }
  },
});
export default target;
