import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr, IpAddress } from "#base";
import { PrefixTable } from "./prefix-table.ts";

const cidr = (text: string): Cidr => Cidr.parse(text);

function tableOf(...texts: string[]): PrefixTable<string> {
  const table = new PrefixTable<string>();
  for (const text of texts) table.set(cidr(text), text);
  return table;
}

test("the longest range that holds an address is found", () => {
  const table = tableOf("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "fd00::/8");
  const at = (text: string): string | undefined => table.lookup(IpAddress.parse(text))?.value;
  assert.equal(at("10.1.2.3"), "10.1.2.3/32");
  assert.equal(at("10.1.2.4"), "10.1.0.0/16");
  assert.equal(at("10.2.0.0"), "10.0.0.0/8");
  assert.equal(at("11.0.0.0"), "0.0.0.0/0");
  assert.equal(at("fd00::1"), "fd00::/8");
  assert.equal(at("fe80::1"), undefined);
});

test("the families do not mix", () => {
  const table = tableOf("::/0");
  assert.equal(table.lookup(IpAddress.parse("10.0.0.1")), undefined);
  assert.deepEqual(table.covering(cidr("10.0.0.0/8")), []);
});

test("ranges around and inside one are told in order", () => {
  const table = tableOf("10.1.2.0/24", "10.0.0.0/8", "10.1.0.0/16", "10.9.0.0/16", "11.0.0.0/8");
  const values = (entries: { value: string }[]): string[] => entries.map(({ value }) => value);
  assert.deepEqual(values(table.covering(cidr("10.1.2.0/24"))), [
    "10.1.2.0/24",
    "10.1.0.0/16",
    "10.0.0.0/8",
  ]);
  assert.deepEqual(values(table.within(cidr("10.1.0.0/16"))), ["10.1.0.0/16", "10.1.2.0/24"]);
  assert.deepEqual(values(table.within(cidr("10.0.0.0/7"))).length, 5);
  assert.deepEqual(values(table.within(cidr("12.0.0.0/8"))), []);
});

test("setting replaces, deleting forgets", () => {
  const table = tableOf("10.0.0.0/8", "10.1.0.0/16");
  assert.equal(table.set(cidr("10.0.0.0/8"), "new"), "10.0.0.0/8");
  assert.equal(table.size, 2);
  assert.equal(table.delete(cidr("10.0.0.0/8")), "new");
  assert.equal(table.delete(cidr("10.0.0.0/8")), undefined);
  assert.equal(table.delete(cidr("10.0.0.0/9")), undefined);
  assert.equal(table.get(cidr("10.1.0.0/16")), "10.1.0.0/16");
  assert.equal(table.size, 1);
});
