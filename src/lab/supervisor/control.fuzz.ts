import { defineFuzz, type FuzzTarget } from "#test";
import { AppError, DecodeError } from "#base";
import { decodeAnswer, decodeRequest } from "./control.ts";
import { decodeIdentity, parseStartTicks } from "./process-identity.ts";

const ANSWER = { status: { processes: [{ name: "a", pid: 1, restarts: 0 }], problems: ["b"] } };
const STAT = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20";

const target: FuzzTarget = defineFuzz({
  corpus: () =>
    [
      JSON.stringify(ANSWER),
      `{"error":"x"}`,
      "status",
      `{"pid":2,"startTicks":3,"boot":"x"}`,
      STAT,
    ].map((text) => Buffer.from(text)),
  run: (bytes) => {
    const text = Buffer.from(bytes).toString("utf8");
    parseStartTicks(text);
    decodeIdentity(text);
    try {
      decodeAnswer(text);
    } catch (error) {
      // What the other side says is wrong is thrown as it says it.
      if (!(error instanceof AppError)) throw error;
    }
    try {
      decodeRequest(text);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  },
});
export default target;
