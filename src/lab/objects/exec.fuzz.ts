import { AppError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { decodeExit } from "./exec.ts";

const FAILED = {
  status: "Failure",
  reason: "NonZeroExitCode",
  details: { causes: [{ reason: "ExitCode", message: "3" }] },
};

const target: FuzzTarget = defineFuzz({
  corpus: () => [Buffer.from(JSON.stringify(FAILED)), Buffer.from(`{"status":"Success"}`)],
  run: (bytes) => {
    try {
      decodeExit(bytes);
    } catch (error) {
      // What the server says went wrong is thrown as it says it.
      if (!(error instanceof AppError)) throw error;
    }
  },
});
export default target;
