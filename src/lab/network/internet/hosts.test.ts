import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "#base";
import { DnsResponseCode, DnsType } from "#packet";
import { encodeQuery, parseQuery } from "../dns/message.ts";
import { InternetHosts } from "./hosts.ts";
import { answerFromInternet } from "./resolver.ts";

const LAB = { name: "lab", index: 1, hasIpv6: true, runFolder: "/run/x" };

test("hosts have an address each, in both families where the lab has both", () => {
  const hosts = new InternetHosts(LAB, ["shop.example.org"]);
  const keys = (name: string, family: 4 | 6, of = hosts): (string | undefined)[] | undefined =>
    of.lookup(name, family, 0)?.addresses.map(({ key }) => key);
  assert.deepEqual(keys("api.stripe.com", 4), ["172.31.1.100"]);
  assert.deepEqual(keys("api.stripe.com", 6), ["fd33:1::64"]);
  assert.deepEqual(keys("shop.example.org", 4), ["172.31.1.106"]);
  assert.deepEqual(keys("nobody.example.org", 4), undefined);
  const plain = new InternetHosts({ ...LAB, hasIpv6: false });
  assert.deepEqual(keys("api.stripe.com", 6, plain), []);
  assert.throws(() => hosts.add("no name"), /cannot be the name of a host/);
});

test("the cloud's names have many addresses, and others every few seconds", () => {
  const hosts = new InternetHosts(LAB);
  const at = (ms: number): string =>
    String(hosts.lookup("s3.amazonaws.com", 4, ms)?.addresses.map(({ key }) => key));
  assert.equal(at(0), at(4_999));
  assert.notEqual(at(0), at(5_000));
  assert.equal(at(0).split(",").length, 8);
  assert.equal(hosts.lookup("amazonaws.com", 4, 0), undefined);
});

test("the resolver tells what is not there from what has no such address", () => {
  const hosts = new InternetHosts(LAB);
  const codeOf = (name: string, type: number): number =>
    answerFromInternet(parseQuery(encodeQuery(name, type)), hosts, new FakeClock()).code;
  assert.equal(codeOf("api.stripe.com", DnsType.MX), DnsResponseCode.NOERROR);
  assert.equal(codeOf("stripe.com", DnsType.A), DnsResponseCode.NOERROR);
  assert.equal(codeOf("stripe.net", DnsType.A), DnsResponseCode.NXDOMAIN);
});
