import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsIn } from "./plant.ts";
import { words } from "./words.ts";

/** Joins what is planted, since this file must pass the rule too. */
function pieces(...parts: readonly string[]): string {
  return parts.join("");
}

const planted: readonly [string, RegExp][] = [
  [pieces('see "/wo', 'rk/main/x"'), /a path of one machine: write it relative/],
  [pieces("cd /ho", "me/ann/src"), /somebody's home folder/],
  [pieces("/Us", "ers/ann/src"), /somebody's home folder/],
  [pieces("HOME=/ro", "ot/.cache"), /root's home folder/],
  [pieces("https://reg", "istry.npm", "js.org/pino"), /the host of a package registry/],
  [pieces("https://reg", "istry.yarn", "pkg.com/"), /the host of a package registry/],
  [pieces("https://ann.jf", "rog.io/npm"), /a private package mirror/],
  [pieces("as DES", "IGN.md says"), /a document that is not in this tree/],
  [pieces("written with chat", "gpt"), /a tool that somebody writes with/],
];

for (const [text, expected] of planted) {
  test(`a finding: ${text}`, () => {
    const [says = "", ...more] = findingsIn(words, { "docs/x.md": `fine\n${text}\n` });
    assert.match(says, /^docs\/x\.md:2: ".*" is /);
    assert.match(says, expected);
    assert.deepEqual(more, []);
  });
}

test("a tree that names no place has no findings", () => {
  const texts = {
    "README.md":
      "network/work/x, ${root}/work/x, https://host.example/home/x, /homeless, /rootless, " +
      "registry.k8s.io, docs/design.html, a.b/root/x",
    "package-lock.json": `{ "node_modules/registry-url": { "resolved": false } }`,
    "bpf/obj/pod.o": pieces("\0\0/wo", "rk/bpf/pod.bpf.c"),
  };
  assert.deepEqual(findingsIn(words, texts), []);
});
