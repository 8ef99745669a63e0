import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type net from "node:net";
import tls from "node:tls";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { IpAddress } from "#base";
import { connectTcp } from "#netlink";
import { makePki, type Pair } from "./testdata/pki.ts";
import { SpdyClient } from "./testdata/spdy-client.ts";
import { isReady, World } from "./testdata/world.ts";

const pki = makePki();
let world: World;

async function dial(who: Pair): Promise<tls.TLSSocket> {
  const socket: net.Socket = await connectTcp(world.namespace, {
    address: IpAddress.parse("10.99.0.1"),
    port: 10_250,
  });
  return tls.connect({ socket, ca: pki.ca, cert: who.cert, key: who.key, host: "10.99.0.1" });
}

async function get(
  path: string,
  who: Pair = pki.apiServer,
): Promise<{ status: number; text: string }> {
  const socket = await dial(who);
  return await new Promise((resolve, reject) => {
    const asked = request(
      { path, host: "10.99.0.1", createConnection: () => socket, headers: { connection: "close" } },
      (response) => {
        let text = "";
        response.on("data", (bytes: Buffer) => {
          text += bytes.toString();
        });
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    asked.once("error", reject).end();
  });
}

interface Session {
  readonly socket: WebSocket;
  readonly out: Record<number, string>;
  readonly closed: Promise<void>;
}

async function open(path: string, protocol = "v5.channel.k8s.io"): Promise<Session> {
  const socket = await dial(pki.apiServer);
  const webSocket = new WebSocket(`wss://10.99.0.1:10250${path}`, protocol, {
    createConnection: () => socket,
  });
  const out: Record<number, string> = {};
  webSocket.on("message", (data: Buffer) => {
    out[data[0] ?? -1] = (out[data[0] ?? -1] ?? "") + data.subarray(1).toString();
  });
  const closed = new Promise<void>((resolve) => {
    webSocket.once("close", () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    webSocket.once("open", () => resolve());
    webSocket.once("error", reject);
  });
  return { socket: webSocket, out, closed };
}

const command = (...words: string[]): string =>
  words.map((word) => `&command=${encodeURIComponent(word)}`).join("");

test("the kubelet's server", async (t) => {
  await using own = new World({ ...pki.server, clientCa: pki.ca, clientName: "api" });
  world = own;

  await world.start();
  await world.run("tools", {
    containers: [
      {
        name: "main",
        image: "busybox",
        command: ["sh", "-c", "for i in 1 2 3; do echo line $i; done; exec sleep 1000"],
        env: [{ name: "COLOUR", value: "blue" }],
      },
    ],
  });
  await world.run("web", { containers: [{ name: "nginx", image: "nginx" }] });
  await world.run("reader", {
    containers: [
      { name: "main", image: "busybox", command: ["cat"], stdin: true, stdinOnce: true },
    ],
    restartPolicy: "Never",
  });
  await world.until("tools", isReady);
  await world.until("web", isReady);
  await world.until("reader", isReady);

  await t.test("only the API server is answered", async () => {
    assert.equal((await get("/healthz", pki.stranger)).status, 200);
    assert.equal((await get("/pods", pki.stranger)).status, 403);
    assert.match((await get("/pods")).text, /"kind":"PodList"/);
  });

  await t.test("logs: all, the last lines, with times", async () => {
    assert.equal((await get("/containerLogs/default/tools/main")).text, "line 1\nline 2\nline 3\n");
    assert.equal((await get("/containerLogs/default/tools/main?tailLines=1")).text, "line 3\n");
    assert.equal(
      (await get("/containerLogs/default/tools/main?tailLines=2&limitBytes=4")).text,
      "line",
    );
    assert.match(
      (await get("/containerLogs/default/tools/main?timestamps=true&tailLines=1")).text,
      /^\d{4}-\S+Z line 3\n$/,
    );
    assert.equal((await get("/containerLogs/default/tools/other")).status, 404);
    assert.equal((await get("/containerLogs/default/tools/main?previous=true")).status, 400);
  });

  await t.test("exec: output, variables, exit code", async () => {
    const { out, closed } = await open(
      `/exec/default/tools/main?output=1&error=1${command("sh", "-c", "echo $COLOUR; echo oh >&2; exit 4")}`,
    );
    await closed;
    assert.deepEqual([out[1], out[2]], ["blue\n", "oh\n"]);
    assert.match(out[3] ?? "", /"ExitCode","message":"4"/);
  });

  await t.test("exec: standard input to its end", async () => {
    const { socket, out, closed } = await open(
      `/exec/default/tools/main?input=1&output=1${command("cat")}`,
    );
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from("hello")]));
    socket.send(Buffer.from([255, 0]));
    await closed;
    assert.equal(out[1], "hello");
    assert.match(out[3] ?? "", /"Success"/);
  });

  await t.test("exec: a terminal, its size, and its exit code", async () => {
    const { socket, out, closed } = await open(
      `/exec/default/tools/main?input=1&output=1&tty=1${command("sh")}`,
    );
    socket.send(Buffer.concat([Buffer.from([4]), Buffer.from('{"Width":91,"Height":33}')]));
    await sleep(100);
    socket.send(
      Buffer.concat([
        Buffer.from([0]),
        Buffer.from("stty size; test -t 0 && echo a-terminal; exit 7\n"),
      ]),
    );
    await closed;
    assert.match(out[1] ?? "", /33 91[^]*\ba-terminal\r\n/);
    assert.match(out[3] ?? "", /"message":"7"/, out[1]);
  });

  await t.test("exec: a program that is not there", async () => {
    const { out, closed } = await open(
      `/exec/default/web/nginx?output=1${command("no-such-program")}`,
    );
    await closed;
    assert.match(out[3] ?? "", /executable file not found in \$PATH/);
  });

  await t.test("attach: what is written is read, until its end", async () => {
    const { socket, out, closed } = await open("/attach/default/reader/main?input=1&output=1");
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from("over there\n")]));
    await sleep(200);
    socket.send(Buffer.from([255, 0]));
    await closed;
    assert.equal(out[1], "over there\n");
    await world.until("reader", ({ phase }) => phase === "Succeeded");
  });

  await t.test("port-forward: SPDY in a WebSocket", async () => {
    const socket = await dial(pki.apiServer);
    await using client = await SpdyClient.open(socket, "/portForward/default/web");
    const answer = await client.forward(
      80,
      "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    assert.match(answer.data, /Welcome to nginx!/);
    const refused = await client.forward(81, "x");
    assert.match(refused.error, /failed to connect to localhost:81 .*connection refused/);
  });

  await t.test("SPDY is refused in words that say what to do", async () => {
    const socket = await dial(pki.apiServer);
    const asked = request({
      method: "POST",
      path: "/exec/default/web/nginx?output=1&command=true",
      host: "10.99.0.1",
      createConnection: () => socket,
      headers: { connection: "Upgrade", upgrade: "SPDY/3.1" },
    });
    const [response] = (await once(asked.end(), "response")) as [IncomingMessage];
    let text = "";
    for await (const bytes of response) text += String(bytes);
    assert.equal(response.statusCode, 501);
    assert.match(text, /kubectl 1\.31 and later use WebSockets/);
  });
});
