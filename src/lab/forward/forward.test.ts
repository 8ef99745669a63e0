import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { test } from "node:test";
import { AsyncScope } from "#base";
import { silentLogger } from "#base/log";
import type { KubeObject } from "#kube";
import { NodePortForwarder } from "./forwarder.ts";
import { nodePortsOf } from "./node-ports.ts";

function service(name: string, ports: readonly object[]): KubeObject {
  return { metadata: { namespace: "demo", name }, spec: { type: "NodePort", ports } };
}

/** Stands for a node: the same ports on another address of this machine. */
const NODE = "127.0.0.2";

async function listen(
  scope: AsyncScope,
  host: string,
  port = 0,
): Promise<{ server: Server; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket
      .on("data", (chunk) => socket.write(`<${chunk.toString()}>`))
      .on("end", () => socket.end("bye"));
  });
  server.listen(port, host);
  await once(server, "listening");
  scope.defer(async () => {
    server.close();
    await once(server, "close");
  });
  return { server, port: (server.address() as { port: number }).port };
}

async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.end(text);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

test("the NodePorts of a service, and nothing else, are ports of the machine", () => {
  const ports = [
    { port: 80, nodePort: 31_235 },
    { port: 53, nodePort: 30_053, protocol: "UDP" },
    { port: 9, protocol: "SCTP", nodePort: 30_009 },
    { port: 81 },
    { port: 82, nodePort: "x" },
  ];
  assert.deepEqual(nodePortsOf(service("web", ports)), [
    { protocol: "TCP", port: 31_235, families: ["IPv4"], service: "demo/web" },
    { protocol: "UDP", port: 30_053, families: ["IPv4"], service: "demo/web" },
  ]);
  const ipFamilies = ["IPv6"];
  const six = { metadata: { name: "six" }, spec: { ipFamilies, ports: [{ nodePort: 31_236 }] } };
  assert.deepEqual(nodePortsOf(six)[0]?.families, ipFamilies);
  assert.deepEqual(nodePortsOf({ metadata: { name: "odd" } }), []);
});

test("a connection goes to the first node that takes it, and both ends' ends arrive", async () => {
  await using scope = new AsyncScope();
  const { port } = await listen(scope, NODE);
  const forwarder = scope.use(new NodePortForwarder(() => ["127.0.0.3", NODE], silentLogger));
  forwarder.set(service("web", [{ port: 80, nodePort: port }]));
  await forwarder.settled();
  assert.equal(await ask(port, "hello"), "<hello>bye");
  forwarder.remove(service("web", []));
  await forwarder.settled();
  await assert.rejects(once(connect({ host: "127.0.0.1", port }), "connect"), {
    code: "ECONNREFUSED",
  });
});

test("a port that is taken is told, and tried again", async () => {
  await using scope = new AsyncScope();
  const taken = new AsyncScope();
  const { port } = await listen(taken, "127.0.0.1");
  await listen(scope, NODE, port);
  const forwarder = scope.use(new NodePortForwarder(() => [NODE], silentLogger));
  forwarder.set(service("web", [{ port: 80, nodePort: port }]));
  await forwarder.settled();
  assert.match(forwarder.problems[0] ?? "", /NodePort of service demo\/web, is in use/);
  await taken[Symbol.asyncDispose]();
  forwarder.set(service("other", []));
  await forwarder.settled();
  assert.deepEqual(forwarder.problems, []);
  assert.equal(await ask(port, "again"), "<again>bye");
});

test("datagrams go there and back", async () => {
  await using scope = new AsyncScope();
  const node = createSocket("udp4");
  node.on("message", (message, from) =>
    node.send(`<${message.toString()}>`, from.port, from.address),
  );
  node.bind(0, NODE);
  await once(node, "listening");
  scope.defer(async () => {
    node.close();
    await once(node, "close");
  });
  const { port } = node.address();
  const forwarder = scope.use(new NodePortForwarder(() => [NODE], silentLogger));
  forwarder.set(service("dns", [{ port: 53, nodePort: port, protocol: "UDP" }]));
  await forwarder.settled();
  const client = createSocket("udp4");
  client.send("hello", port, "127.0.0.1");
  const [answer] = (await once(client, "message")) as [Buffer];
  assert.equal(answer.toString(), "<hello>");
  client.close();
  await once(client, "close");
});
