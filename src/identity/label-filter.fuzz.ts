import { ConfigError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { LabelFilter } from "./label-filter.ts";
import { parseLabel } from "./labels.ts";

const TEXTS = [
  "!k8s:app.*\nk8s:app=web",
  "k8s:!foo\nfoo",
  "(a|b)*c\nk8s:ababc",
  ".*beta\\.io\nx.beta.io",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const [pattern = "", ...labels] = new TextDecoder().decode(input).split("\n");
    try {
      const filter = new LabelFilter([pattern], { replacesDefaults: true });
      for (const label of labels) filter.keeps(parseLabel(label));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  },
});
export default target;
