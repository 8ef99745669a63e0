import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr } from "#base";
import { cidrGroupLabels, cidrLabel, cidrLabels, cidrOfLabel } from "./cidr-labels.ts";
import { formatLabel } from "./labels.ts";
import { reservedIdentities } from "./reserved.ts";

const TEXTS: readonly [cidr: string, label: string][] = [
  ["10.0.0.0/8", "cidr:10.0.0.0/8"],
  ["::1/128", "cidr:0--1/128"],
  ["fd00::/64", "cidr:fd00--0/64"],
  ["2001:db8::1/128", "cidr:2001-db8--1/128"],
];
for (const [text, label] of TEXTS) {
  test(`${text} is ${label}`, () => {
    const made = cidrLabel(Cidr.parse(text));
    assert.equal(formatLabel(made), label);
    assert.equal(cidrOfLabel(made)?.key, text);
  });
}

test("everything is the world, by family where there are two", () => {
  assert.equal(formatLabel(cidrLabel(Cidr.parse("0.0.0.0/0"))), "reserved:world");
  assert.equal(formatLabel(cidrLabel(Cidr.parse("::/0"), [4, 6])), "reserved:world-ipv6");
  assert.equal(cidrLabels(Cidr.parse("10.0.0.0/8")).text, "cidr:10.0.0.0/8;reserved:world");
  const dual = cidrLabels(Cidr.parse("10.0.0.0/8"), [4, 6]);
  assert.equal(dual.text, "cidr:10.0.0.0/8;reserved:world-ipv4");
  assert.equal(cidrOfLabel({ source: "k8s", key: "10.0.0.0/8", value: "" }), undefined);
});

test("ranges of a group have its name and labels", () => {
  assert.deepEqual(cidrGroupLabels("partners", { zone: "eu" }).toStrings(), [
    "cidrgroup:io.cilium.policy.cidrgroupname/partners",
    "cidrgroup:zone=eu",
  ]);
});

test("the world is one identity or two", () => {
  const told = (families: (4 | 6)[]): string[] =>
    reservedIdentities({ families })
      .filter(({ cidr }) => cidr !== undefined)
      .map(({ id, cidr }) => `${id} ${cidr?.key ?? ""}`);
  assert.deepEqual(told([4]), ["2 0.0.0.0/0"]);
  assert.deepEqual(told([6]), ["2 ::/0"]);
  assert.deepEqual(told([4, 6]), ["9 0.0.0.0/0", "10 ::/0"]);
  const api = reservedIdentities({ families: [4] }).find(({ id }) => id === 7);
  assert.equal(api?.labels.text, "reserved:kube-apiserver;reserved:remote-node");
});
