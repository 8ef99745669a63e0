import assert from "node:assert/strict";
import test from "node:test";
import type { HttpRule, L7Rules } from "../rule.ts";
import { compileL7Rules } from "./l7-matcher.ts";
import type { HttpRequest } from "./request.ts";

const get: HttpRequest = {
  kind: "http",
  method: "GET",
  path: "/orders/7",
  host: "api.example.org",
};

function http(rule: Partial<HttpRule>, request: Partial<HttpRequest> = {}): boolean {
  const rules: L7Rules = { kind: "http", rules: [{ headers: [], ...rule }] };
  return compileL7Rules(rules)({ ...get, ...request });
}

test("patterns are for whole values, and methods have case", () => {
  assert.ok(http({}));
  assert.ok(http({ method: "GET", path: "/orders/[0-9]+", host: "api[.]example[.]org" }));
  assert.ok(!http({ path: "/users" }));
  assert.ok(!http({ path: "/orders/7" }, { path: "/orders/7?all" }));
  assert.ok(!http({ method: "get" }));
  assert.ok(http({ method: "PUT|GET" }));
  assert.ok(!http({ method: "PUT|GET" }, { method: "GETX" }));
  assert.ok(
    !compileL7Rules({ kind: "http", rules: [{ headers: [], host: ".*" }] })({
      kind: "http",
      method: "GET",
      path: "/",
    }),
  );
  assert.ok(!http({ path: "(" }), "what cannot be read allows nothing");
});

test("headers are there or have a value; an action on mismatch denies nothing", () => {
  const headers = { "X-Token": "a" };
  assert.ok(http({ headers: [{ name: "x-token" }] }, { headers }));
  assert.ok(http({ headers: [{ name: "X-TOKEN", value: "a" }] }, { headers }));
  assert.ok(!http({ headers: [{ name: "X-Token", value: "A" }] }, { headers }));
  assert.ok(!http({ headers: [{ name: "X-Other" }] }, { headers }));
  for (const mismatch of ["LOG", "ADD", "DELETE", "REPLACE"] as const) {
    assert.ok(http({ headers: [{ name: "X-Other", value: "b", mismatch }] }, { headers }));
  }
});

test("a hostile pattern takes no time", { timeout: 5_000 }, () => {
  assert.ok(!http({ path: "(a+)+b" }, { path: "a".repeat(2_000) }));
});

test("DNS names, Kafka requests and keys of other parsers", () => {
  const dns = compileL7Rules({ kind: "dns", rules: [{ pattern: "*.example.org." }] });
  assert.ok(dns({ kind: "dns", name: "WWW.example.org" }));
  assert.ok(!dns({ kind: "dns", name: "a.b.example.org" }));
  assert.ok(!dns(get));
  const kafka = compileL7Rules({ kind: "kafka", rules: [{ apiKeys: [0, 18], topic: "news" }] });
  assert.ok(kafka({ kind: "kafka", apiKey: 0, topic: "news" }));
  assert.ok(!kafka({ kind: "kafka", apiKey: 0, topic: "other" }));
  assert.ok(kafka({ kind: "kafka", apiKey: 18 }), "ApiVersions knows no topics");
  assert.ok(!kafka({ kind: "kafka", apiKey: 1, topic: "news" }));
  const generic = compileL7Rules({ kind: "generic", parser: "r2d2", rules: [{ cmd: "READ" }] });
  assert.ok(generic({ kind: "generic", fields: { cmd: "READ", file: "x" } }));
  assert.ok(!generic({ kind: "generic", fields: { cmd: "WRITE" } }));
  assert.ok(!compileL7Rules({ kind: "http", rules: [] })(get), "no rules allow nothing");
});
