import { Buffer } from "node:buffer";
import { AppError, DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { findImage } from "../images/catalogue.ts";
import { parseSize } from "./channels.ts";
import { parseLogQuery } from "./log-query.ts";

const TEXTS = [
  '{"Width":80,"Height":24}',
  "tailLines=3&sinceTime=2026-11-21T12:00:00Z",
  "docker.io/library/nginx:1.25",
  "host:///bin/true",
];

/** An error that says what is wrong is an answer, too. */
function attempt(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof DecodeError) throw error;
  }
}

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const bytes = Buffer.from(input);
    const text = bytes.toString("utf8");
    parseSize(bytes);
    attempt(() => parseLogQuery(new URLSearchParams(text), 0));
    attempt(() => findImage(text));
  },
});
export default target;
