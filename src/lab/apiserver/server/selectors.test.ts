import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../schema/status-error.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { parseFieldSelector } from "./selectors.ts";

test("label selectors, by what they select", () => {
  const web = { app: "web", tier: "front", "example.com/size": "5" };
  const selects: Record<string, boolean> = {
    "app=web": true,
    "app==web,tier=front": true,
    "app!=web": false,
    "other!=web": true,
    "app in (web, api)": true,
    "app notin (web)": false,
    "other notin (web)": true,
    app: true,
    "!app": false,
    "!other": true,
    "example.com/size>4": true,
    "example.com/size < 5": false,
    "app in (web),!other , tier": true,
    "app=": false,
  };
  for (const [text, expected] of Object.entries(selects)) {
    assert.equal(parseLabelSelector(text)?.(web), expected, text);
  }
  assert.equal(parseLabelSelector(" "), undefined);
  assert.equal(parseLabelSelector("constructor")?.({}), false);
});

test("what is no label selector is refused", () => {
  for (const text of ["a b", "a in b", "=x", "a=b c", "a in (b", ",", "a>x", "-a=b", "a=b!"]) {
    assert.throws(() => parseLabelSelector(text), StatusError, text);
  }
});

test("field selectors: several terms, with what is escaped in them", () => {
  assert.deepEqual(parseFieldSelector(String.raw`a.b=c\,d,e!=f,g==h`), [
    { field: "a.b", value: "c,d", isEqual: true },
    { field: "e", value: "f", isEqual: false },
    { field: "g", value: "h", isEqual: true },
  ]);
  assert.throws(() => parseFieldSelector("nothing"), /can't understand 'nothing'/);
});
