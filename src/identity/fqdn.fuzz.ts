import { assert, ConfigError, quote } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { fqdnFault, fqdnLabel, fqdnMatcher, normaliseFqdn, parseFqdn } from "./fqdn.ts";

const TEXTS = [
  "example.com",
  "**.a-b_c.io\nx.a-b_c.io",
  "*a*b*.io.\naxb.io",
  "*\n.",
  "**",
  "a..b\n a. ",
];

const target: FuzzTarget = defineFuzz({
  corpus: () => TEXTS.map((text) => new TextEncoder().encode(text)),
  run(input) {
    const [pattern = "", ...names] = new TextDecoder().decode(input).split("\n");
    const matches = fqdnMatcher(pattern);
    for (const name of names) matches(name);
    const normal = normaliseFqdn(pattern);
    assert(normaliseFqdn(normal) === normal, `${quote(pattern)} has one form`);
    for (const kind of ["name", "pattern"] as const) {
      try {
        const parsed = parseFqdn(pattern, kind);
        assert(
          fqdnFault(parsed, kind === "name" && parsed === "*" ? "pattern" : kind) === undefined ||
            parsed.length > 255,
          "what was parsed parses",
        );
        assert(kind === "pattern" || matches(pattern), `${quote(pattern)} matches itself`);
        assert(normaliseFqdn(fqdnLabel(parsed).key) === parsed, "the label names it");
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }
  },
});
export default target;
