import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "#base";
import {
  fqdnFault,
  fqdnLabel,
  fqdnMatcher,
  isFqdnPattern,
  normaliseFqdn,
  parseFqdn,
} from "./fqdn.ts";
import { formatLabel } from "./labels.ts";

test("a name has one form", () => {
  assert.equal(normaliseFqdn(" Example.COM "), "example.com.");
  assert.equal(normaliseFqdn("example.com."), "example.com.");
  for (const text of ["*", "**", "**."]) assert.equal(normaliseFqdn(text), "*");
  assert.ok(isFqdnPattern("*.example.com") && !isFqdnPattern("example.com"));
  assert.equal(formatLabel(fqdnLabel("API.example.com.")), "fqdn:api.example.com");
  assert.equal(formatLabel(fqdnLabel("**")), "fqdn:*");
});

const MATCHES: readonly [pattern: string, yes: readonly string[], no: readonly string[]][] = [
  ["x.io", ["x.io", "X.IO", "x.io."], ["a.x.io", "xx.io", "xaio"]],
  ["*.x.io", ["a.x.io", "-_.x.io", ".x.io"], ["x.io", "a.b.x.io", "a.x.io.com"]],
  ["*x.io", ["x.io", "ax.io"], ["a.x.io", "x.io.x"]],
  ["**.x.io", ["a.x.io", "a.b.c.x.io"], ["x.io", "ax.io", ".x.io", "a..x.io"]],
  ["***.x.io", ["a.x.io", "a.b.x.io"], ["x.io"]],
  ["**x.io", ["x.io", "ax.io"], ["a.x.io"]],
  ["sub*.x.io", ["sub.x.io", "subdomain.x.io"], ["su.x.io", "x.io"]],
  ["a*b*a.io", ["aba.io", "axxbxxa.io", "abbaa.io"], ["aa.io", "ab.io", "a.ba.io"]],
  ["a*a.io", ["aa.io", "aaa.io"], ["a.io"]],
  ["x.*.io", ["x.a.io"], ["x.io", "x.a.b.io"]],
  ["*.*.io", ["a.b.io"], ["a.io"]],
  ["*", ["x.io", "a.b.c", "."], ["a b", "..", "a..b", "ä.io"]],
  ["*.", ["x.io", "."], []],
  ["x*.io", ["xx.io"], ["xä.io", "x .io"]],
];
for (const [pattern, yes, no] of MATCHES) {
  test(`${pattern} matches whole names`, () => {
    const matches = fqdnMatcher(pattern);
    for (const name of yes) assert.ok(matches(name), `${name} matches`);
    for (const name of no) assert.ok(!matches(name), `${name} does not match`);
  });
}

test("a pattern of many stars is no trap", () => {
  const matches = fqdnMatcher(`${"*a".repeat(120)}.io`);
  const started = performance.now();
  for (let round = 0; round < 1000; round++) assert.ok(!matches(`${"a".repeat(119)}.io`));
  assert.ok(performance.now() - started < 1000);
});

test("names and patterns that cannot be are told", () => {
  assert.equal(fqdnFault("example.com", "name"), undefined);
  assert.equal(fqdnFault("_srv.Example.com.", "name"), undefined);
  assert.equal(fqdnFault("**.example.com", "pattern"), undefined);
  assert.match(fqdnFault("*.example.com", "name") ?? "", /only matchPattern/);
  assert.match(fqdnFault("a..b", "name") ?? "", /no DNS name/);
  assert.match(fqdnFault("a b", "pattern") ?? "", /no DNS name/);
  assert.match(fqdnFault(" ", "name") ?? "", /is empty/);
  assert.match(fqdnFault("a".repeat(256), "name") ?? "", /256 characters; 255 are the most/);
  assert.equal(parseFqdn("*.A.io", "pattern"), "*.a.io.");
  assert.throws(() => parseFqdn("a/b", "name"), ConfigError);
});
