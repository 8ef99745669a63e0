import { assert, MacAddress, quote } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

const TEXTS = ["00:1a:2b:ff:fe:09", "FF-FF-FF-FF-FF-FF"];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    if (input.length === 6) {
      const mac = MacAddress.fromBytes(input);
      assert(MacAddress.parse(mac.key).equals(mac), "the text of a MAC address reads back");
    }
    const text = new TextDecoder().decode(input);
    const { key } = MacAddress.parse(text);
    assert(key === text.toLowerCase().replaceAll("-", ":"), `${quote(text)} is its own text`);
  },
});
export default target;
