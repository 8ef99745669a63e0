import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AsyncScope, Cidr, IpAddress, systemClock } from "#base";
import { silentLogger } from "#base/log";
import { KubeClient } from "#kube";
import {
  connectTcp,
  createAnonymousNamespace,
  listenTcp,
  type Namespace,
  openNamespace,
  openNetlink,
  writeSysctl,
} from "#netlink";
import { DnsType } from "#packet";
import { bridgeConflist } from "./cni/conflist.ts";
import { runPlugin } from "./cni/plugin.ts";
import { serveDns } from "./dns/cluster-dns.ts";
import { Forwarder } from "./dns/forward.ts";
import { encodeQuery } from "./dns/message.ts";
import { readAnswer } from "./dns/read-answer.ts";
import { startProxy } from "./proxy/proxy.ts";

// The lab's API server is another module, and stands above this one: here is just enough of one.

type Objects = Record<string, { metadata: { name: string; namespace?: string } }[]>;

class FakeApi implements AsyncDisposable {
  readonly #objects: Objects;
  readonly #watchers = new Map<string, ServerResponse[]>();
  readonly #server = createServer((request, response) => this.#serve(request, response));
  #version = 1;

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async listen(): Promise<KubeClient> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const { port } = this.#server.address() as AddressInfo;
    return KubeClient.of({ server: `http://127.0.0.1:${port}` });
  }

  modify(plural: string, object: { metadata: object }): void {
    this.#version += 1;
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) };
    const event = JSON.stringify({ type: "MODIFIED", object: { ...object, metadata } });
    for (const watcher of this.#watchers.get(plural) ?? []) watcher.write(`${event}\n`);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://api");
    const plural = url.pathname.split("/").at(-1) ?? "";
    response.writeHead(200, { "content-type": "application/json" });
    if (["1", "true"].includes(url.searchParams.get("watch") ?? "")) {
      response.flushHeaders();
      this.#watchers.set(plural, [...(this.#watchers.get(plural) ?? []), response]);
      return;
    }
    const items = this.#objects[plural] ?? [];
    response.end(JSON.stringify({ metadata: { resourceVersion: "1" }, items }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const service = (
  name: string,
  clusterIP: string,
  ports: readonly object[],
): Objects[string][number] =>
  ({
    metadata: { name, namespace: "shop", resourceVersion: "1" },
    spec: { clusterIP, clusterIPs: [clusterIP], ports },
  }) as Objects[string][number];

const slice = (name: string, port: object, addresses: readonly string[]): Objects[string][number] =>
  ({
    metadata: {
      name: `${name}-1`,
      namespace: "shop",
      resourceVersion: "1",
      labels: { "kubernetes.io/service-name": name },
    },
    addressType: "IPv4",
    ports: [port],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  }) as Objects[string][number];

const DNS_PORT = { name: "dns", port: 53, protocol: "UDP" };
const HTTP_PORT = { name: "http", port: 8_080, protocol: "TCP" };
const OBJECTS: Objects = {
  namespaces: [{ metadata: { name: "shop" } }],
  services: [
    service("web", "10.246.0.5", [{ name: "http", port: 80 }]),
    service("dns", "10.246.0.10", [DNS_PORT]),
  ],
  endpointslices: [slice("web", HTTP_PORT, ["10.146.1.3"]), slice("dns", DNS_PORT, ["10.146.1.4"])],
};

/** A node whose pods 2, 3 and 4 are on the plugin's bridge. */
async function nodeWithPods(scope: AsyncScope): Promise<{ node: Namespace; pods: Namespace[] }> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-services-"));
  scope.defer(() => rmSync(folder, { recursive: true }));
  const node = scope.use(createAnonymousNamespace("node"));
  writeSysctl("net.ipv4.ip_forward", 1, { namespace: node });
  const lab = { name: "services", index: 46, hasIpv6: false, runFolder: folder };
  const { plugins } = bridgeConflist(lab, 1, folder) as { plugins: [object] };
  const input = JSON.stringify({ ...plugins[0], cniVersion: "1.0.0", name: "net" });
  const pods: Namespace[] = [];
  for (const name of ["a", "b", "c"]) {
    const pod = scope.use(createAnonymousNamespace(name));
    pods.push(pod);
    const environment = {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: name,
      CNI_NETNS: `/proc/self/fd/${pod.fd}`,
      CNI_IFNAME: "eth0",
    };
    // The plugin closes what it opened.
    const open = (path: string): Namespace => openNamespace(path);
    const { status, output } = await runPlugin({ environment, input, node, openNamespace: open });
    assert.equal(status, 0, output);
  }
  routeOutside(node);
  return { node, pods };
}

function routeOutside(node: Namespace): void {
  using netlink = openNetlink({ namespace: node });
  const link = netlink.links.get("cni0")?.index ?? assert.fail("the bridge is there");
  netlink.routes.add({ destination: Cidr.parse("0.0.0.0/0"), link });
}

async function ask(from: Namespace, address: IpAddress): Promise<string> {
  const socket = await connectTcp(from, { address, port: 80 });
  const [bytes] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

test("a pod finds a service by name and reaches a pod of the same node, also after a change", async () => {
  await using scope = new AsyncScope();
  const { node, pods } = await nodeWithPods(scope);
  const [client, web, dns] = pods as [Namespace, Namespace, Namespace];
  const api = scope.use(new FakeApi(OBJECTS));
  const kube = scope.use(await api.listen());
  const proxy = startProxy({
    client: kube,
    node: "node1",
    namespace: node,
    podCidrs: [Cidr.parse("10.146.0.0/16")],
    logger: silentLogger,
  });
  scope.use(proxy);
  await proxy.ready();
  const listen = [IpAddress.parse("0.0.0.0")];
  scope.use(await serveDns({ client: kube, namespace: dns, listen, logger: silentLogger }));
  const upstream = { address: IpAddress.parse("10.246.0.10"), port: 53 };
  const resolver = scope.use(await Forwarder.start(client, upstream));
  const query = encodeQuery("web.shop.svc.cluster.local", DnsType.A);
  const [record] = readAnswer(await resolver.ask(query, "udp")).records;
  const address = IpAddress.fromBytes(
    record !== undefined && "address" in record ? record.address : assert.fail("it has one"),
  );
  assert.equal(address.key, "10.246.0.5");
  for (const [pod, text] of [
    [web, "10.146.1.3"],
    [dns, "10.146.1.4"],
  ] as const) {
    const own = { address: IpAddress.parse(text), port: 8_080 };
    const server = await listenTcp(pod, own, (socket) => {
      socket.end(`${text} ${socket.remoteAddress}`);
    });
    scope.defer(() => void server.close());
  }
  assert.equal(await ask(client, address), "10.146.1.3 10.146.1.2");
  assert.equal(await ask(web, address), "10.146.1.3 10.146.1.1", "also itself");
  api.modify("endpointslices", slice("web", HTTP_PORT, ["10.146.1.4"]));
  const deadline = systemClock.monotonicMs() + 5_000;
  while (!(await ask(client, address)).startsWith("10.146.1.4")) {
    assert.ok(systemClock.monotonicMs() < deadline, "the change comes through");
    await systemClock.sleep(20);
  }
  await proxy.clear();
});
