import assert from "node:assert/strict";
import { test } from "node:test";
import { formatLabel, Labels, parseLabel } from "./labels.ts";
import { Selector } from "./selector.ts";

test("a label's text names source, key and value", () => {
  assert.deepEqual(parseLabel("k8s:app=web"), { source: "k8s", key: "app", value: "web" });
  assert.deepEqual(parseLabel("app"), { source: "unspec", key: "app", value: "" });
  assert.deepEqual(parseLabel("$host"), { source: "reserved", key: "host", value: "" });
  assert.deepEqual(parseLabel("reserved.host"), { source: "reserved", key: "host", value: "" });
  assert.deepEqual(parseLabel("any:a=b=c:d"), { source: "any", key: "a", value: "b=c:d" });
  assert.deepEqual(parseLabel("url=http://x"), { source: "unspec", key: "url", value: "http://x" });
  assert.deepEqual(parseLabel("cidr:10.0.0.0/8"), { source: "cidr", key: "10.0.0.0/8", value: "" });
});

test("what parses prints as it is written in full", () => {
  for (const text of [
    "k8s:app=web",
    "reserved:host",
    "unspec:x",
    "fqdn:*.example.com",
    "k8s:a:b=c",
  ]) {
    assert.equal(formatLabel(parseLabel(text)), text);
  }
  assert.equal(formatLabel(parseLabel("$host")), "reserved:host");
});

test("labels have one text whatever order they come in", () => {
  const labels = Labels.parse("k8s:tier=db", "k8s:app=web", "reserved:host");
  assert.equal(labels.text, "k8s:app=web;reserved:host;k8s:tier=db");
  assert.equal(Labels.parse("reserved:host", "k8s:tier=db", "k8s:app=web").text, labels.text);
  assert.ok(labels.equals(Labels.of([...labels].toReversed())));
});

test("a semicolon in a value does not make two labels of one", () => {
  assert.notEqual(Labels.parse("k8s:a=x;k8s:b=y").text, Labels.parse("k8s:a=x", "k8s:b=y").text);
});

test("of a source and key the last label counts", () => {
  const labels = Labels.parse("k8s:app=web", "k8s:app=db", "node:app=x");
  assert.equal(labels.size, 2);
  assert.equal(labels.get("k8s", "app"), "db");
  assert.equal(labels.withLabels([parseLabel("k8s:app=new")]).get("k8s", "app"), "new");
});

test("labels are found by source, and by any", () => {
  const labels = Labels.parse("container:app=c", "k8s:app=web", "k8s:empty");
  assert.equal(labels.get("k8s", "app"), "web");
  assert.equal(labels.get("container", "app"), "c");
  assert.equal(labels.get("any", "app"), "c");
  assert.equal(labels.get("node", "app"), undefined);
  assert.equal(labels.get("any", "empty"), "");
  assert.equal(labels.has("any", "none"), false);
});

test("a cidr label is found by every range around it, and by none inside", () => {
  const labels = Labels.parse("cidr:10.1.0.0/16", "reserved:world");
  assert.ok(labels.has("cidr", "10.1.0.0/16"));
  assert.ok(labels.has("cidr", "10.0.0.0/8"));
  assert.ok(!labels.has("cidr", "10.1.1.0/24"));
  assert.ok(!labels.has("cidr", "11.0.0.0/8"));
  assert.ok(!labels.has("cidr", "nonsense"));
  assert.ok(Labels.parse("cidr:fd00--1/128").has("cidr", "fd00--0/64"));
});

test("no labels are one thing", () => {
  assert.equal(Labels.of([]), Labels.empty);
  assert.equal(Labels.empty.text, "");
  assert.equal(
    Labels.parse("k8s:a").filter(() => false),
    Labels.empty,
  );
});

test("a name is the same with and without its last dot", () => {
  const labels = Labels.parse("fqdn:x.io.");
  assert.equal(labels.text, "fqdn:x.io");
  assert.ok(labels.has("fqdn", "x.io") && labels.has("fqdn", "x.io."));
  const selector = Selector.of([{ source: "fqdn", key: "x.io.", operator: "Exists", values: [] }]);
  assert.equal(selector.text, "fqdn:x.io exists");
  assert.ok(selector.matches(Labels.parse("fqdn:x.io")));
});
