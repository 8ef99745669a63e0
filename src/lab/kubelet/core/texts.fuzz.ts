import { Buffer } from "node:buffer";
import { assert } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { expand } from "./expand.ts";
import { decodeLogLine, LogEncoder } from "./log-line.ts";

const TIME = "2026-11-21T12:00:00.000000000Z";
const TEXTS = [`${TIME} stdout F hello`, `${TIME} stderr P `, "a $(B) $$(C) $(", "one\ntwo\n\n"];

/** What containers write and people type: everything is taken, and what was written is read. */
const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const bytes = Buffer.from(input);
    decodeLogLine(bytes);
    expand(bytes.toString("utf8"), () => "x");
    const encoder = new LogEncoder("stdout");
    const log = Buffer.concat([encoder.encode(bytes, TIME), encoder.finish(TIME)]);
    const lines = log.toString("latin1").split("\n").slice(0, -1);
    const texts = lines.map((line) => {
      const decoded = decodeLogLine(Buffer.from(line, "latin1"));
      assert(decoded !== undefined, "what is written can be read");
      return decoded.isFull ? Buffer.concat([decoded.text, Buffer.from("\n")]) : decoded.text;
    });
    assert(Buffer.concat(texts).equals(bytes), "what is read is what was written");
  },
});
export default target;
