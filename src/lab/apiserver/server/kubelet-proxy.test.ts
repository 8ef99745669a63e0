import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { test } from "node:test";
import { TEST_PKI } from "./test-pki.ts";
import { podManifest, type TestServer, withServer } from "./test-server.ts";

const PODS = "/api/v1/namespaces/default/pods";
const WEB_SOCKET = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "v5.channel.k8s.io",
};

/** What stands in for a kubelet: tells what it was asked, and echoes what it is sent. */
class FakeKubelet implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor() {
    const { caCert, serverCert, serverKey } = TEST_PKI;
    const tls = { ca: caCert, cert: serverCert, key: serverKey, requestCert: true };
    this.#server = createServer(tls, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      this.asked.push(`${String(subject.CN)} ${request.url}`);
      if (request.url?.includes("missing") === true) {
        response.writeHead(404, { "content-type": "text/plain" }).end("no such log\n");
        return;
      }
      response.writeHead(200, { "content-type": "text/plain" });
      response.write("first line\n");
      setTimeout(() => response.end("last line\n"), 20);
    });
    this.#server.on("upgrade", (request, socket: Duplex) => {
      this.#sockets.add(socket);
      this.asked.push(String(request.url));
      if (request.url?.includes("missing") === true) {
        socket.end("HTTP/1.1 404 Error\r\nconnection: close\r\n\r\ncontainer not found");
        return;
      }
      const protocol = request.headers["sec-websocket-protocol"];
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
          `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
      );
      socket.on("error", () => socket.destroy());
      socket.pipe(socket);
    });
  }

  static async start(): Promise<FakeKubelet> {
    const kubelet = new FakeKubelet();
    kubelet.#server.listen(0, "127.0.0.1");
    await once(kubelet.#server, "listening");
    return kubelet;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function withKubelet(
  run: (api: TestServer, kubelet: FakeKubelet) => Promise<void>,
): () => Promise<void> {
  return withServer(async (api) => {
    await using kubelet = await FakeKubelet.start();
    await api.create("/api/v1/nodes", { metadata: { name: "node1" } });
    const status = {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    };
    const headers = { "content-type": "application/merge-patch+json" };
    await api.ask("PATCH", "/api/v1/nodes/node1/status", { status }, { headers });
    await api.create(PODS, podManifest("web", { nodeName: "node1" }));
    await run(api, kubelet);
  });
}

test(
  "logs are the kubelet's, asked for with the server's certificate",
  withKubelet(async (api, kubelet) => {
    const answer = await api.ask("GET", `${PODS}/web/log?follow=true&tailLines=3`);
    assert.equal(answer.text, "first line\nlast line\n");
    assert.equal(answer.headers["content-type"], "text/plain");
    const path = "/containerLogs/default/web/main?follow=true&tailLines=3";
    assert.deepEqual(kubelet.asked, [`kubernetes-admin ${path}`]);
    await api.create(PODS, podManifest("missing", { nodeName: "node1" }));
    const missing = await api.ask("GET", `${PODS}/missing/log`);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.message, "no such log");
  }),
);

test(
  "what cannot be passed on is refused before the kubelet is asked",
  withKubelet(async (api, kubelet) => {
    await api.create(PODS, podManifest("waiting"));
    assert.equal((await api.ask("GET", `${PODS}/waiting/log`)).status, 204);
    const waiting = await api.ask("POST", `${PODS}/waiting/exec?command=ls&stdout=true`);
    assert.match(waiting.body.message, /pod waiting does not have a host assigned/);
    const containers = ["a", "b"].map((name) => ({ name, image: "nginx" }));
    await api.create(PODS, podManifest("two", { nodeName: "node1", containers }));
    const two = await api.ask("GET", `${PODS}/two/log`);
    assert.match(
      two.body.message,
      /a container name must be specified for pod two, choose one of: \[a b\]/,
    );
    const wrong = await api.ask("GET", `${PODS}/two/log?container=c`);
    assert.match(wrong.body.message, /container c is not valid for pod two/);
    const plain = await api.ask("POST", `${PODS}/web/exec?command=ls&stdout=true`);
    assert.equal(plain.status, 400);
    assert.deepEqual(kubelet.asked, []);
  }),
);

/** The connection after its change of protocol, or the answer that refused it. */
async function upgrade(
  api: TestServer,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; socket?: Duplex }> {
  const request = api.open("GET", path, { headers });
  return await new Promise((resolve, reject) => {
    request.on("upgrade", (response, socket) =>
      resolve({ status: response.statusCode ?? 0, socket }),
    );
    request.on("response", (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    request.on("error", reject).end();
  });
}

test(
  "exec and port-forward are passed through as they are",
  withKubelet(async (api, kubelet) => {
    const path = `${PODS}/web/exec?command=sh&command=-c&stdin=true&stdout=true&tty=true`;
    const { status, socket } = await upgrade(api, path, WEB_SOCKET);
    assert.equal(status, 101);
    socket?.write("hello");
    const [echo] = (await once(socket ?? assert.fail("a socket"), "data")) as [Buffer];
    assert.equal(String(echo), "hello");
    socket?.destroy();
    const forward = await upgrade(api, `${PODS}/web/portforward?ports=80`, WEB_SOCKET);
    assert.equal(forward.status, 101);
    forward.socket?.destroy();
    assert.deepEqual(kubelet.asked, [
      "/exec/default/web/main?input=1&output=1&tty=1&command=sh&command=-c",
      "/portForward/default/web?port=80",
    ]);
  }),
);

test(
  "what the kubelet refuses goes on as it is",
  withKubelet(async (api) => {
    await api.create(PODS, podManifest("missing", { nodeName: "node1" }));
    for (const path of ["exec?command=ls&stdout=true", "portforward?ports=80"]) {
      const request = api.open("GET", `${PODS}/missing/${path}`, { headers: WEB_SOCKET });
      const [response] = (await once(request.end(), "response")) as [IncomingMessage];
      let text = "";
      for await (const bytes of response) text += String(bytes);
      assert.deepEqual([response.statusCode, text], [404, "container not found"]);
    }
  }),
);

test(
  "a stranger is refused, and who asks for what is not there",
  withKubelet(async (api) => {
    const path = `${PODS}/web/exec?command=ls&stdout=true`;
    assert.equal(
      (await upgrade(api, `${PODS}/gone/exec?command=ls&stdout=1`, WEB_SOCKET)).status,
      404,
    );
    const request = api.open("GET", path, { headers: WEB_SOCKET, as: "nobody" });
    const [response] = (await once(request.end(), "response")) as [{ statusCode: number }];
    assert.equal(response.statusCode, 403);
    request.destroy();
  }),
);
