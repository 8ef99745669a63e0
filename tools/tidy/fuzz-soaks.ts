import { isTestData } from "./places.ts";
import type { Rule } from "./rules.ts";

const CALL = /defineFuzzSoak\(([^)]*)\)/g;

/** Every fuzzer has a long run too: a soak made by defineFuzzSoak names a folder around it. */
export const fuzzSoaks: Rule = {
  name: "fuzz-soaks",
  check(tree) {
    const folders = tree.files
      .filter(({ path }) => path.endsWith(".soak.ts"))
      .flatMap(({ text }) => [...text.matchAll(CALL)].map((match) => match[1] ?? ""))
      .flatMap((given) => [...given.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? ""));
    const isCovered = (path: string): boolean =>
      folders.some((folder) => path.startsWith(`${folder}/`));
    return tree.files
      .filter(({ path }) => path.endsWith(".fuzz.ts") && !isTestData(path) && !isCovered(path))
      .map(({ path }) => ({
        path,
        line: 1,
        message:
          "no soak runs this fuzzer for long: name its folder in a defineFuzzSoak of test/soak/",
      }));
  },
};
