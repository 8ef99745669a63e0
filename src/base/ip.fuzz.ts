import { assert, bytesEqual, IpAddress, quote } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

const TEXTS = [
  "10.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "fe80::1:2",
  "2001:db8:1:2:3:4:5:6",
  "::ffff:1.2.3.4",
  "64:ff9b::1.2.3.4",
  "1::3:4:5:6:7:8",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    if (input.length === 4 || input.length === 16) {
      const address = IpAddress.fromBytes(input);
      assert(IpAddress.parse(address.key).equals(address), "the text of an address reads back");
    }
    const text = new TextDecoder().decode(input);
    const address = IpAddress.parse(text);
    const again = IpAddress.parse(address.key);
    assert(again.equals(address) && again.key === address.key, `${quote(text)} reads back`);
    assert(bytesEqual(again.bytes, address.bytes), "its bytes too");
    assert(/^[0-9a-f:.]+$/i.test(text), `${quote(text)} has only what addresses have`);
  },
});
export default target;
