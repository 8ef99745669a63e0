import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr } from "#base";
import type { EndpointSliceObject, ServiceObject, SliceEndpoint } from "../objects.ts";
import { buildRuleset, renderRuleset } from "./ruleset.ts";
import { type ServicePort, servicePorts } from "./service-ports.ts";

const web = (change: object = {}, labels: Record<string, string> = {}): ServiceObject => ({
  metadata: { name: "web", namespace: "shop", labels },
  spec: {
    type: "NodePort",
    clusterIP: "10.201.0.5",
    clusterIPs: ["10.201.0.5"],
    ports: [{ name: "http", port: 80, nodePort: 30_080 }],
    ...change,
  },
});

const slice = (endpoints: readonly SliceEndpoint[], name = "web-1"): EndpointSliceObject => ({
  metadata: { name, namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "http", port: 8_080, protocol: "TCP" }],
  endpoints,
});

const endpoint = (address: string, conditions: object = {}, nodeName = "node1"): SliceEndpoint => ({
  addresses: [address],
  conditions,
  nodeName,
});

function ports(service: ServiceObject, ...endpoints: SliceEndpoint[]): ServicePort[] {
  return servicePorts({ services: [service], slices: [slice(endpoints)], node: "node1" });
}

const addresses = (backends: readonly { address: { key: string } }[] | undefined): string[] =>
  (backends ?? []).map(({ address }) => address.key);

test("endpoints that are ready are used; where none is, those that still serve", () => {
  const ready = endpoint("10.101.1.2", { ready: true });
  const ending = endpoint("10.101.1.3", { ready: false, serving: true, terminating: true });
  const gone = endpoint("10.101.1.4", { ready: false, serving: false });
  assert.deepEqual(addresses(ports(web(), ready, ending, gone)[0]?.internal), ["10.101.1.2"]);
  assert.deepEqual(addresses(ports(web(), ending, gone)[0]?.internal), ["10.101.1.3"]);
  assert.deepEqual(addresses(ports(web(), gone)[0]?.internal), []);
  const unknown = endpoint("10.101.1.5");
  assert.deepEqual(addresses(ports(web(), unknown)[0]?.internal), ["10.101.1.5"]);
});

test("policies keep traffic on the node", () => {
  const here = endpoint("10.101.1.2");
  const there = endpoint("10.101.2.2", {}, "node2");
  const [internal] = ports(web({ internalTrafficPolicy: "Local" }), here, there);
  assert.deepEqual(addresses(internal?.internal), ["10.101.1.2"]);
  assert.deepEqual(addresses(internal?.external), ["10.101.1.2", "10.101.2.2"]);
  const [external] = ports(web({ externalTrafficPolicy: "Local" }), here, there);
  assert.deepEqual(addresses(external?.internal), ["10.101.1.2", "10.101.2.2"]);
  assert.deepEqual(addresses(external?.external), ["10.101.1.2"]);
});

test("what is somebody else's, or nobody's, is left out", () => {
  const here = endpoint("10.101.1.2");
  assert.deepEqual(ports(web({ clusterIP: "None", clusterIPs: ["None"] }), here), []);
  assert.deepEqual(ports(web({ type: "ExternalName", externalName: "x.y" }), here), []);
  assert.deepEqual(ports(web({ clusterIP: "", clusterIPs: [] }), here), []);
  const others = web({}, { "service.kubernetes.io/service-proxy-name": "cilium" });
  assert.deepEqual(ports(others, here), []);
});

test("services of one outside address do not make a ruleset that nft refuses", () => {
  const two = ["a", "b"].map((name, at) => ({
    ...web({
      clusterIPs: [`10.201.0.${at + 5}`],
      externalIPs: ["198.51.100.9"],
      ports: [{ port: 80 }],
    }),
    metadata: { name, namespace: "shop" },
  }));
  const made = servicePorts({ services: two, slices: [], node: "node1" });
  const text = renderRuleset(buildRuleset({ ports: made, podCidrs: [] }), undefined);
  assert.equal(text.match(/198\.51\.100\.9 \. tcp \. 80/g)?.length, 1);
});

test("from one ruleset to the next, only what is not needed any more is deleted", () => {
  const affinity = web({ sessionAffinity: "ClientIP" });
  const podCidrs = [Cidr.parse("10.101.0.0/16")];
  const rules = (...list: SliceEndpoint[]): ReturnType<typeof buildRuleset> =>
    buildRuleset({ ports: ports(affinity, ...list), podCidrs });
  const [a, b] = [endpoint("10.101.1.2"), endpoint("10.101.1.3")];
  const before = rules(a, b);
  const text = renderRuleset(rules(b), before);
  assert.equal(text.match(/^delete chain/gm)?.length, 1);
  assert.equal(text.match(/^delete set/gm)?.length, 1);
  assert.match(text, /timeout 10800s/);
  assert.doesNotMatch(text, /^delete table/m);
  assert.equal(renderRuleset(before, undefined), renderRuleset(rules(b, a), undefined));
});
