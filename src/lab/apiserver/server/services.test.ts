import assert from "node:assert/strict";
import { test } from "node:test";
import { Cidr } from "#base";
import { ServiceAllocator } from "./kinds/service-allocator.ts";
import { type Answered, withServer } from "./test-server.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const PORTS = [{ port: 80 }];

test(
  "Services get addresses and ports of their own, or those that they name",
  withServer(async (api) => {
    const make = (name: string, spec: object): Promise<Answered> =>
      api.ask("POST", SERVICES, { metadata: { name }, spec: { ports: PORTS, ...spec } });
    const plain = (await make("plain", {})).body;
    assert.match(plain.spec.clusterIP, /^10\.201\./);
    assert.deepEqual(plain.spec.clusterIPs, [plain.spec.clusterIP]);
    assert.deepEqual(plain.spec.ipFamilies, ["IPv4"]);
    assert.equal(plain.spec.ipFamilyPolicy, "SingleStack");
    assert.deepEqual(plain.status, { loadBalancer: {} });
    const dual = (await make("dual", { ipFamilyPolicy: "PreferDualStack" })).body;
    assert.equal(dual.spec.clusterIPs.length, 2);
    const headless = (await make("headless", { clusterIP: "None" })).body;
    assert.deepEqual(headless.spec.clusterIPs, ["None"]);
    const named = (await make("named", { type: "NodePort", clusterIP: "10.201.0.10" })).body;
    assert.equal(named.spec.clusterIP, "10.201.0.10");
    const port = named.spec.ports[0].nodePort;
    assert.ok(port >= 30_000 && port <= 32_767);
    const taken = await make("taken", { type: "NodePort", ports: [{ port: 80, nodePort: port }] });
    assert.match(taken.body.message, /provided port is already allocated/);
    const outside = await make("outside", { clusterIP: "10.9.9.9" });
    assert.match(outside.body.message, /the provided network does not match the current range/);
  }),
);

test(
  "an update keeps what it does not name, and gives back what it drops",
  withServer(async (api) => {
    const spec = { type: "NodePort", ports: PORTS };
    const made = await api.create(SERVICES, { metadata: { name: "kept" }, spec });
    const { resourceVersion } = made.metadata;
    const body = { metadata: { name: "kept", resourceVersion }, spec };
    const replaced = (await api.ask("PUT", `${SERVICES}/kept`, body)).body;
    assert.equal(replaced.spec.clusterIP, made.spec.clusterIP);
    assert.equal(replaced.spec.ports[0].nodePort, made.spec.ports[0].nodePort);
    const headers = { "content-type": "application/merge-patch+json" };
    const patch = { spec: { type: "ClusterIP" } };
    const inside = (await api.ask("PATCH", `${SERVICES}/kept`, patch, { headers })).body;
    assert.equal(inside.spec.ports[0].nodePort, undefined);
    const { nodePort } = made.spec.ports[0];
    const ports = [{ port: 80, nodePort }];
    await api.create(SERVICES, { metadata: { name: "next" }, spec: { ...spec, ports } });
    await api.ask("DELETE", `${SERVICES}/next`);
    await api.create(SERVICES, { metadata: { name: "last" }, spec: { ...spec, ports } });
  }),
);

test(
  "a Service that is refused takes nothing",
  withServer(async (api) => {
    const ports = [
      { name: "a", port: 80, nodePort: 31_000 },
      { name: "b", port: 81, nodePort: 29_999 },
    ];
    const wrong = { metadata: { name: "wrong" }, spec: { type: "NodePort", ports } };
    assert.equal((await api.ask("POST", SERVICES, wrong)).status, 422);
    const right = { type: "NodePort", ports: [{ port: 80, nodePort: 31_000 }] };
    await api.create(SERVICES, { metadata: { name: "right" }, spec: right });
  }),
);

test("an allocator gives each address once, and again only when it has gone round", () => {
  const allocator = new ServiceAllocator([Cidr.parse("10.0.0.0/28")]);
  const all = Array.from({ length: 15 }, () => allocator.nextAddress(4));
  assert.equal(new Set(all).size, 15);
  assert.equal(all.at(-1), undefined, "a /28 has fourteen");
  allocator.releaseAddress("10.0.0.3");
  assert.equal(allocator.nextAddress(4), "10.0.0.3");
  assert.equal(allocator.takeAddress("10.0.0.3"), "taken");
  assert.equal(allocator.takeAddress("10.0.1.3"), "out-of-range");
  assert.equal(allocator.takeAddress("fd00::1"), "out-of-range");
});
