import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { IpAddress } from "#base";
import { connectTcp, createAnonymousNamespace, NamespaceWorker, openNetlink } from "#netlink";

const SERVER = new URL("./testdata/echo-server.ts", import.meta.url);

test("a worker lives in a namespace: its servers are there, and what it asks is asked there", async () => {
  using left = createAnonymousNamespace("left");
  using netlink = openNetlink({ namespace: left });
  netlink.links.set("lo", { isUp: true });
  await using worker = await NamespaceWorker.start(left, SERVER, "good morning");
  const { port, names } = worker.result as { port: number; names: string[] };
  assert.deepEqual(names.toSorted(), ["lo"]);
  const socket = await connectTcp(left, { address: IpAddress.parse("127.0.0.1"), port });
  const asked = request({ createConnection: () => socket, headers: { host: "x" } }).end();
  const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
  let text = "";
  for await (const piece of response) text += String(piece);
  assert.equal(text, "good morning");
  socket.destroy();
});

test("a worker that cannot begin says why", async () => {
  using blue = createAnonymousNamespace("blue");
  const nowhere = new URL("./testdata/no-such-file.ts", import.meta.url);
  await assert.rejects(NamespaceWorker.start(blue, nowhere), /no-such-file\.ts/);
});
