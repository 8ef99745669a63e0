import { CODE_FOLDERS, isRunByName, isTestData } from "./places.ts";
import type { Problem, Rule } from "./rules.ts";

/** Other people's names for tests, and ours with an extension that no runner looks for. */
const NEARLY_TEST = /(?:[._-]spec|[_-]test|\.tests|\.(?:test|fuzz|soak|bench))\.[cm]?[jt]sx?$/;

/** A test that no runner finds passes for ever. */
export const testNames: Rule = {
  name: "test-names",
  check: (tree) =>
    tree.files.flatMap(({ path }): Problem[] => {
      if (isTestData(path) || !NEARLY_TEST.test(path)) return [];
      if (!isRunByName(path)) {
        const message =
          "no runner finds this: name it x.test.ts, x.prop.test.ts, x.kernel.test.ts, x.fuzz.ts, " +
          "x.soak.ts or x.bench.ts, or something that does not sound like a test";
        return [{ path, line: 1, message }];
      }
      const [folder = ""] = path.split("/");
      if ((CODE_FOLDERS as readonly string[]).includes(folder)) return [];
      const message = `tests live in ${CODE_FOLDERS.join(", ")}, where tsc and the linter see them: move it`;
      return [{ path, line: 1, message }];
    }),
};
