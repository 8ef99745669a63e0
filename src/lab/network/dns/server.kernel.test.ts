import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { AsyncScope, IpAddress } from "#base";
import { silentLogger } from "#base/log";
import {
  bindUdp,
  connectTcp,
  createAnonymousNamespace,
  type Namespace,
  openNetlink,
} from "#netlink";
import { DnsResponseCode, DnsType } from "#packet";
import { ClusterResolver } from "./cluster-dns.ts";
import { Forwarder } from "./forward.ts";
import { addressData } from "./answers.ts";
import { type DnsRecord, encodeQuery } from "./message.ts";
import { readAnswer } from "./read-answer.ts";
import { type Answer, failure, type Resolve, startDnsServer, withLength } from "./server.ts";
import { buildZone } from "./zone.ts";

const address = IpAddress.parse("127.0.0.1");
const UPSTREAM = 5_300;
const PORT = 53;

function namespaceFor(scope: AsyncScope): Namespace {
  const namespace = scope.use(createAnonymousNamespace("dns"));
  using netlink = openNetlink({ namespace });
  netlink.links.set("lo", { isUp: true });
  return namespace;
}

async function serve(
  scope: AsyncScope,
  namespace: Namespace,
  { port, resolve }: { readonly port: number; readonly resolve: Resolve },
): Promise<void> {
  const options = { namespace, addresses: [address], port, resolve, logger: silentLogger };
  scope.use(await startDnsServer(options));
}

const host = (name: string, count: number): DnsRecord[] =>
  Array.from({ length: count }, (_, at) => ({
    ...addressData(IpAddress.v4(0xc633_6401 + at)),
    name,
    ttlSeconds: 5,
  }));

async function askUdp(namespace: Namespace, message: Uint8Array): Promise<Uint8Array> {
  const socket = await bindUdp(namespace, { address, port: 0 });
  try {
    socket.send(message, PORT, address.key);
    const [bytes] = (await once(socket, "message")) as [Buffer];
    return bytes;
  } finally {
    socket.close();
  }
}

async function askTcp(namespace: Namespace, message: Uint8Array): Promise<Uint8Array> {
  const socket = await connectTcp(namespace, { address, port: PORT });
  const bytes = withLength(message);
  // In pieces, as it may come.
  socket.write(bytes.subarray(0, 1));
  socket.write(bytes.subarray(1));
  let answer = Buffer.alloc(0);
  while (answer.length < 2 || answer.length < 2 + answer.readUInt16BE(0)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    answer = Buffer.concat([answer, chunk]);
  }
  socket.destroy();
  return answer.subarray(2);
}

/** A server of a cluster in front of one of the world. */
async function world(scope: AsyncScope): Promise<Namespace> {
  const namespace = namespaceFor(scope);
  const upstream = ({ query }: Parameters<Resolve>[0]): Answer => {
    if (query.name === "broken.example") throw new Error("broken");
    const isHost = query.name === "api.stripe.com" && query.type === DnsType.A;
    const answers = query.name === "many.example" ? host(query.name, 200) : [];
    if (!isHost && answers.length === 0) return failure(DnsResponseCode.NXDOMAIN);
    return { ...failure(0), answers: isHost ? host(query.name, 1) : answers };
  };
  await serve(scope, namespace, { port: UPSTREAM, resolve: upstream });
  const forwarder = scope.use(await Forwarder.start(namespace, { address, port: UPSTREAM }));
  const spec = { type: "ExternalName", externalName: "api.stripe.com" };
  const zone = buildZone({
    namespaces: [{ metadata: { name: "shop" } }],
    services: [{ metadata: { name: "payments", namespace: "shop" }, spec }],
    slices: [],
  });
  const settings = { domain: "cluster.local", ttlSeconds: 30, serial: 1, self: [address] };
  const options = { zone: () => zone, settings: () => settings, forwarder };
  const resolver = new ClusterResolver(options);
  await serve(scope, namespace, { port: PORT, resolve: (asked) => resolver.resolve(asked) });
  return namespace;
}

test("what is not the cluster's is asked elsewhere, by UDP and by TCP", async () => {
  await using scope = new AsyncScope();
  const namespace = await world(scope);
  const query = encodeQuery("API.stripe.com", DnsType.A);
  for (const ask of [askUdp, askTcp]) {
    const answer = readAnswer(await ask(namespace, query));
    assert.equal(answer.code, 0);
    assert.deepEqual(answer.records.map(plain), host("api.stripe.com", 1).map(plain));
  }
  const unknown = readAnswer(await askUdp(namespace, encodeQuery("x.example", DnsType.A)));
  assert.equal(unknown.code, DnsResponseCode.NXDOMAIN);
  const broken = readAnswer(await askUdp(namespace, encodeQuery("broken.example", DnsType.A)));
  assert.equal(broken.code, DnsResponseCode.SERVFAIL);
});

test("where an alias leads to is in the answer", async () => {
  await using scope = new AsyncScope();
  const namespace = await world(scope);
  const name = "payments.shop.svc.cluster.local";
  const { records } = readAnswer(await askUdp(namespace, encodeQuery(name, DnsType.A)));
  assert.deepEqual(records.map(plain), [
    { type: "CNAME", name, ttlSeconds: 30, target: "api.stripe.com" },
    ...host("api.stripe.com", 1).map(plain),
  ]);
});

test("an answer that is too long is asked for by TCP", async () => {
  await using scope = new AsyncScope();
  const namespace = await world(scope);
  const query = encodeQuery("many.example", DnsType.A);
  const short = readAnswer(await askUdp(namespace, query));
  assert.deepEqual([short.isTruncated, short.records.length], [true, 0]);
  const whole = readAnswer(await askTcp(namespace, query));
  assert.deepEqual([whole.isTruncated, whole.records.length], [false, 200]);
});

test("what cannot be read is answered with what is wrong", async () => {
  await using scope = new AsyncScope();
  const namespace = await world(scope);
  const none = Uint8Array.from([1, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const answer = readAnswer(await askUdp(namespace, none));
  assert.deepEqual([answer.id, answer.code], [0x102, DnsResponseCode.FORMERR]);
  const status = encodeQuery("a.example", DnsType.A);
  status[2] = 0x10;
  assert.equal(readAnswer(await askTcp(namespace, status)).code, DnsResponseCode.NOTIMP);
});

/** As it reads back: its bytes are a view of the message. */
function plain(record: DnsRecord): DnsRecord {
  return "address" in record ? { ...record, address: Uint8Array.from(record.address) } : record;
}
