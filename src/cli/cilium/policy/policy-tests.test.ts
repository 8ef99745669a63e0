import assert from "node:assert/strict";
import { test } from "node:test";
import { findingLine } from "./findings.ts";
import { parseManifests } from "./manifests.ts";
import { parseTests } from "./policy-tests.ts";

function parse(spec: string): ReturnType<typeof parseTests> {
  const text = `apiVersion: ciliate.io/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n${spec}`;
  return parseTests(parseManifests(new TextEncoder().encode(text), "t.yaml").objects);
}

test("a case has a question, an expectation and a place", () => {
  const { cases, findings } = parse(`  cases:
  - {from: a/b, to: c/d, port: "80", expect: allowed, because: p}
  - name: named
    from: a/b
    to: world
    port: 53
    protocol: UDP
    dns: example.org
    expect: denied
  - from: a/b
    to: c/d
    port: 80
    http: {method: GET, path: /x, host: h, headers: {X-A: b}}
    expect: denied
`);
  assert.deepEqual(findings, []);
  const [first, second, third] = cases;
  assert.deepEqual(first, {
    where: "t.yaml:6",
    suite: "t",
    title: "a/b to c/d on TCP 80",
    question: { from: "a/b", to: "c/d", protocol: "TCP", port: 80 },
    expect: "allowed",
    because: "p",
  });
  assert.equal(second?.title, "named");
  assert.deepEqual(second?.question.request, { kind: "dns", name: "example.org" });
  assert.equal(third?.question.request?.kind, "http");
});

test("what a case may not be is told with its line", () => {
  const cases: [string, RegExp][] = [
    ["{from: a/b, to: c/d, port: 80, expect: maybe}", /:6: .*expect: must be allowed or denied/],
    ["{from: a/b, to: c/d, port: 80, expect: denied, form: x}", /there is no field "form"/],
    ["{from: a/b, port: 80, expect: denied}", /spec\.cases\[0\]: must have to/],
    ["{from: a/b, to: c/d, port: 65536, expect: denied}", /port: must be a number/],
    ["{from: a/b, to: c/d, port: 1, expect: denied, http: {method: GET}}", /http: must have path/],
    ["{from: 7, to: c/d, port: 1, expect: denied}", /from: must be a text/],
    ["text", /spec\.cases\[0\]: must be a map/],
  ];
  for (const [text, pattern] of cases) {
    const { cases: found, findings } = parse(`  cases:\n  - ${text}\n`);
    assert.deepEqual(found, []);
    assert.match(findings.map(findingLine).join("\n"), pattern);
  }
  assert.match(
    parse("  case: []\n").findings.map(findingLine).join("\n"),
    /must be a list of cases/,
  );
});
