import { Buffer } from "node:buffer";
import { defineFuzz, type FuzzTarget } from "#test";
import { controlFrame, decodeFrame, decodeHeaders } from "./spdy.ts";

const HEADERS = Buffer.from("\0\0\0\x01\0\0\0\x04port\0\0\0\x0280", "latin1");

const target: FuzzTarget = defineFuzz({
  corpus: () => [HEADERS, controlFrame(1, 0, HEADERS), controlFrame(6, 0, Buffer.alloc(4))],
  run(input) {
    const bytes = Buffer.from(input);
    const next = decodeFrame(bytes);
    decodeHeaders(next === undefined ? bytes : next.frame.body);
  },
});
export default target;
