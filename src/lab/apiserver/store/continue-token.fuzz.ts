import { assert, DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";

import { StoreError } from "./errors.ts";
import { parseToken } from "./list.ts";

const GOOD = Buffer.from(JSON.stringify([12, "/registry/core/pods/default/a"]));

const target: FuzzTarget = defineFuzz({
  corpus: () => [GOOD, Buffer.from("[1]"), Buffer.from('{"a":1}')],
  run: (bytes) => {
    // Both as what a token says, and as a token.
    for (const encoding of ["base64url", "latin1"] as const) {
      try {
        const place = parseToken(Buffer.from(bytes).toString(encoding));
        assert(place.afterKey !== undefined, "a token says where to go on");
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== "bad-token") throw error;
        throw new DecodeError("no token", 0, { cause: error });
      }
    }
  },
});
export default target;
