import { assert, Cidr, quote } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

const TEXTS = [
  "10.0.0.0/8",
  "1.2.3.4/32",
  "0.0.0.0/0",
  "::/0",
  "fd00::/64",
  "::1/128",
  "::ffff:10.0.0.0/104",
  "::ffff:10.0.0.0/95",
  "2001:db8:1:2:3:4:5:6/127",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const text = new TextDecoder().decode(input);
    const cidr = Cidr.parse(text);
    assert(Cidr.parse(cidr.key).equals(cidr), `${quote(text)} reads back`);
    assert(cidr.contains(cidr.first) && cidr.contains(cidr.last), "it contains its ends");
    assert(cidr.nth(cidr.size - 1n)?.equals(cidr.last), "its last address is the last it counts");
    assert(/^[0-9a-f:.]+\/[0-9]+$/i.test(text), `${quote(text)} has only what CIDRs have`);
  },
});
export default target;
