/** `{"verdicts": [...]}`, a verdict a line: in pieces, since no string holds those of a large cluster. */
import type { Verdict } from "#policy";
import type { Streams } from "../../program.ts";

const VERDICTS_PER_PIECE = 1_000;

export function printVerdicts(verdicts: readonly Verdict[], streams: Streams): void {
  streams.out('{"verdicts": [');
  for (let start = 0; start < verdicts.length; start += VERDICTS_PER_PIECE) {
    const lines = verdicts
      .slice(start, start + VERDICTS_PER_PIECE)
      .map((verdict) => JSON.stringify(verdict));
    streams.out(`${start === 0 ? "\n" : ",\n"}${lines.join(",\n")}`);
  }
  streams.out("\n]}\n");
}
