import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr, IpAddress, type IpFamily } from "#base";
import { MemoryIdentities } from "./allocator.ts";
import { cidrGroupLabels, cidrLabels } from "./cidr-labels.ts";
import { type IpcacheDelta, IpcacheModel } from "./ipcache.ts";
import { Labels } from "./labels.ts";
import { RESERVED, SCOPE } from "./reserved.ts";

const cidr = (text: string): Cidr => Cidr.parse(text);
const policy = { source: "generated", resource: "policy-a" } as const;

function modelOf(families: IpFamily[] = [4]): {
  model: IpcacheModel;
  identities: MemoryIdentities;
} {
  const identities = new MemoryIdentities();
  return { model: new IpcacheModel({ families, allocator: identities }), identities };
}

function at(model: IpcacheModel, address: string): number {
  return model.lookup(IpAddress.parse(address)).identity;
}

function labelsAt(model: IpcacheModel, address: string): string | undefined {
  return model.labelsOf(at(model, address))?.text;
}

function upsertCidr(model: IpcacheModel, text: string, resource = "policy-a"): void {
  const prefix = cidr(text);
  model.upsert(prefix, { source: "generated", resource }, { labels: cidrLabels(prefix) });
}

function upserted(delta: IpcacheDelta): string[] {
  return delta.upserted.map(({ labels }) => labels.text);
}

test("an address that nobody tells of is of the world", () => {
  const { model } = modelOf();
  assert.equal(at(model, "1.2.3.4"), RESERVED.world);
  assert.deepEqual(model.commit(), { upserted: [], prefixes: [], released: [] });
  assert.equal(at(modelOf([4, 6]).model, "fd00::1"), RESERVED["world-ipv6"]);
});

test("a range has an identity of this node's, told once", () => {
  const { model } = modelOf();
  upsertCidr(model, "10.0.0.0/8");
  assert.equal(at(model, "10.1.1.1"), RESERVED.world, "not before the commit");
  const delta = model.commit();
  const [identity] = delta.upserted;
  assert.equal(identity?.labels.text, "cidr:10.0.0.0/8;reserved:world");
  assert.equal(identity?.cidr?.key, "10.0.0.0/8");
  assert.ok((identity?.id ?? 0) > SCOPE.local);
  assert.equal(delta.prefixes[0]?.after, identity?.id);
  assert.equal(at(model, "10.1.1.1"), identity?.id);
  upsertCidr(model, "10.0.0.0/8", "policy-b");
  const again = model.commit();
  assert.deepEqual(again, { upserted: [], prefixes: [], released: [] });
});

test("a range is forgotten when the last that told of it does", () => {
  const { model, identities } = modelOf();
  upsertCidr(model, "10.0.0.0/8");
  upsertCidr(model, "10.0.0.0/8", "policy-b");
  const id = model.commit().upserted[0]?.id;
  model.remove(cidr("10.0.0.0/8"), policy);
  assert.deepEqual(model.commit().released, []);
  model.remove(cidr("10.0.0.0/8"), { source: "generated", resource: "policy-b" });
  const delta = model.commit();
  assert.deepEqual(delta.released, [id]);
  assert.equal(delta.prefixes[0]?.after, undefined);
  assert.equal(at(model, "10.1.1.1"), RESERVED.world);
  assert.equal(identities.size, 0);
});

test("an address learnt from DNS keeps the longest range around it", () => {
  const { model } = modelOf();
  const learnt = cidr("10.1.2.3/32");
  upsertCidr(model, "10.0.0.0/8");
  model.upsert(
    learnt,
    { source: "generated", resource: "dns" },
    { labels: Labels.parse("fqdn:*.x.io") },
  );
  model.commit();
  assert.equal(labelsAt(model, "10.1.2.3"), "fqdn:*.x.io;cidr:10.0.0.0/8;reserved:world");
  const before = at(model, "10.1.2.3");
  upsertCidr(model, "10.1.0.0/16");
  const delta = model.commit();
  assert.equal(labelsAt(model, "10.1.2.3"), "fqdn:*.x.io;cidr:10.1.0.0/16;reserved:world");
  assert.deepEqual(delta.released, [before]);
  assert.deepEqual(
    delta.prefixes.map(({ prefix }) => prefix.key),
    ["10.1.0.0/16", "10.1.2.3/32"],
  );
  model.remove(cidr("10.1.0.0/16"), policy);
  model.remove(cidr("10.0.0.0/8"), policy);
  model.commit();
  assert.equal(labelsAt(model, "10.1.2.3"), "fqdn:*.x.io;reserved:world");
});

test("labels of groups come down to the ranges inside", () => {
  const { model } = modelOf();
  model.upsert(
    cidr("10.0.0.0/8"),
    { source: "generated", resource: "group" },
    {
      labels: cidrGroupLabels("partners", { zone: "eu" }).withLabels(
        cidrLabels(cidr("10.0.0.0/8")),
      ),
    },
  );
  upsertCidr(model, "10.1.0.0/16");
  model.commit();
  const labels = model.labelsOf(at(model, "10.1.0.1"));
  assert.ok(labels?.has("cidrgroup", "io.cilium.policy.cidrgroupname/partners"));
  assert.equal(labels?.get("cidrgroup", "zone"), "eu");
  assert.deepEqual(
    labels?.toStrings().filter((text) => text.startsWith("cidr:")),
    ["cidr:10.1.0.0/16"],
  );
});

test("a pod keeps its number whatever ranges are around it", () => {
  const { model } = modelOf();
  upsertCidr(model, "10.0.0.5/32");
  model.upsert(cidr("10.0.0.5/32"), { source: "custom-resource" }, { identity: 4711 });
  const delta = model.commit();
  assert.equal(at(model, "10.0.0.5"), 4711);
  assert.deepEqual(upserted(delta), []);
  model.remove(cidr("10.0.0.5/32"), { source: "custom-resource" });
  model.commit();
  assert.equal(labelsAt(model, "10.0.0.5"), "cidr:10.0.0.5/32;reserved:world");
});

test("of two numbers the more trusted source's counts", () => {
  const { model } = modelOf();
  model.upsert(cidr("10.0.0.5/32"), { source: "k8s" }, { identity: 1000 });
  model.upsert(cidr("10.0.0.5/32"), { source: "kvstore" }, { identity: 2000 });
  model.upsert(cidr("10.0.0.5/32"), { source: "restored" }, { identity: 3000 });
  model.commit();
  assert.equal(at(model, "10.0.0.5"), 2000);
});

test("the API server's label joins node, host and range", () => {
  const { model } = modelOf();
  const api = { source: "kube-apiserver" } as const;
  const apiLabel = { labels: Labels.parse("reserved:kube-apiserver") };
  const node = { source: "custom-resource", resource: "node" } as const;
  model.upsert(cidr("192.168.0.2/32"), node, { labels: Labels.parse("reserved:remote-node") });
  model.upsert(cidr("192.168.0.3/32"), node, { labels: Labels.parse("reserved:remote-node") });
  model.upsert(
    cidr("192.168.0.1/32"),
    { source: "local" },
    { labels: Labels.parse("reserved:host") },
  );
  upsertCidr(model, "192.168.0.0/16");
  model.commit();
  assert.equal(at(model, "192.168.0.2"), RESERVED["remote-node"]);
  for (const last of [1, 2, 4]) model.upsert(cidr(`192.168.0.${last}/32`), api, apiLabel);
  const delta = model.commit();
  assert.equal(at(model, "192.168.0.2"), RESERVED["kube-apiserver"]);
  assert.equal(at(model, "192.168.0.3"), RESERVED["remote-node"]);
  assert.equal(at(model, "192.168.0.1"), RESERVED.host);
  assert.equal(labelsAt(model, "192.168.0.1"), "reserved:host;reserved:kube-apiserver");
  assert.equal(
    labelsAt(model, "192.168.0.4"),
    "cidr:192.168.0.0/16;reserved:kube-apiserver;reserved:world",
  );
  assert.ok(upserted(delta).includes("reserved:host;reserved:kube-apiserver"));
  model.remove(cidr("192.168.0.1/32"), api);
  assert.deepEqual(upserted(model.commit()), ["reserved:host"]);
});

test("nodes are no part of ranges unless CIDRs are to match them", () => {
  const identities = new MemoryIdentities();
  const model = new IpcacheModel({ families: [4], allocator: identities, cidrMatchesNodes: true });
  upsertCidr(model, "192.168.0.0/16");
  model.upsert(
    cidr("192.168.0.2/32"),
    { source: "k8s" },
    { labels: Labels.parse("reserved:remote-node") },
  );
  model.commit();
  assert.equal(labelsAt(model, "192.168.0.2"), "cidr:192.168.0.0/16;reserved:remote-node");
  assert.ok(at(model, "192.168.0.2") > SCOPE.remoteNode);
});

test("in two families the worlds differ", () => {
  const identities = new MemoryIdentities();
  const model = new IpcacheModel({ families: [4, 6], allocator: identities });
  model.upsert(cidr("fd00::/8"), policy, { labels: Labels.parse("cidr:fd00--0/8") });
  model.upsert(cidr("9.9.9.9/32"), policy, { labels: Labels.parse("fqdn:x.io") });
  const delta = model.commit();
  assert.deepEqual(upserted(delta).toSorted(), [
    "cidr:fd00--0/8;reserved:world-ipv6",
    "reserved:world-ipv4;fqdn:x.io",
  ]);
  assert.equal(
    delta.upserted.find(({ labels }) => labels.has("fqdn", "x.io"))?.cidr?.key,
    "0.0.0.0/0",
  );
});
