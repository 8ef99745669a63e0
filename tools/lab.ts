// npm run lab: the best that there is to see until the embedded cluster stands. Here: two network
// namespaces with a cable between them, an eBPF program on the cable, traffic, and live events.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { countersMap, Direction, type Event, eventsRing, Family } from "#abi";
import { AsyncScope, IpAddress, systemClock } from "#base";
import {
  type Attachment,
  Collection,
  forEachRecord,
  hasFeature,
  KernelAttacher,
  perCpu,
  RingBuffer,
  TypedMap,
} from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import {
  bindUdp,
  connectTcp,
  createNamespace,
  deleteNamespace,
  listenTcp,
  type Namespace,
  openNetlink,
  withNamespace,
} from "#netlink";
import { noWords, runCommand, wholeNumber } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run lab [-- --seconds N]

Shows what stands so far; the lab will be a whole cluster on this machine. Makes two network
namespaces with a cable between them, puts an eBPF program on one end of it, passes traffic and
prints what the program sees, live. Takes everything away at the end. Needs root.

  --seconds N   how long traffic flows (3)
`;

const CLIENT = { name: `ciliate-client-${process.pid}`, v4: "10.77.0.1", v6: "fd77::1" };
const SERVER = { name: `ciliate-server-${process.pid}`, v4: "10.77.0.2", v6: "fd77::2" };
/** Two addresses with ports, most of the time. */
const ENDS_WIDTH = 44;
const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK"];
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: "ICMP",
  6: "TCP",
  17: "UDP",
  58: "ICMPv6",
};

interface End {
  namespace: Namespace;
  device: number;
}

/** Both namespaces, and the index of each one's end of the cable. */
function makeCable(scope: AsyncScope): { client: End; server: End } {
  const namespaces = [CLIENT, SERVER].map(({ name }) => {
    scope.defer(() => void deleteNamespace(name));
    return scope.use(createNamespace(name));
  });
  const [client, server] = namespaces as [Namespace, Namespace];
  using here = openNetlink({ namespace: client });
  here.links.create({
    name: "eth0",
    details: { kind: "veth", peer: { name: "eth0", namespace: server } },
  });
  return { client: bringUp(client, CLIENT), server: bringUp(server, SERVER) };
}

function bringUp(namespace: Namespace, { v4, v6 }: typeof CLIENT): End {
  using netlink = openNetlink({ namespace });
  const device = netlink.links.get("eth0")?.index ?? 0;
  netlink.addresses.add({ link: device, address: IpAddress.parse(v4), prefixLength: 24 });
  // Usable at once: nobody else could have the address.
  netlink.addresses.add({
    link: device,
    address: IpAddress.parse(v6),
    prefixLength: 64,
    flags: 0x02,
  });
  netlink.links.set("lo", { isUp: true });
  netlink.links.set(device, { isUp: true });
  return { namespace, device };
}

function attach(collection: Collection, { namespace, device }: End): Attachment[] {
  const attacher = new KernelAttacher();
  return withNamespace(namespace, () =>
    (["ingress", "egress"] as const).map((direction) =>
      attacher.tc({
        ifindex: device,
        direction,
        program: collection.program(`observe_${direction}`),
      }),
    ),
  );
}

function formatEvent(event: Event): string {
  const end = ({ bytes }: Event["source"], port: number): string => {
    const address = IpAddress.fromBytes(bytes);
    const isPortless = event.protocol !== 6 && event.protocol !== 17;
    if (isPortless) return address.toString();
    return address.family === 4
      ? `${address.toString()}:${port}`
      : `[${address.toString()}]:${port}`;
  };
  const arrow = event.direction === Direction.ingress ? "→ " : " ←";
  const length = `${String(event.length).padStart(5)} bytes`;
  if (event.family === Family.other)
    return `    ${arrow} ${"not IP (ARP)".padEnd(ENDS_WIDTH + 9)}${length}`;
  const ends = `${end(event.source, event.sourcePort)} > ${end(event.destination, event.destinationPort)}`;
  const protocol = (PROTOCOLS[event.protocol] ?? `protocol ${event.protocol}`).padEnd(7);
  const flags = TCP_FLAGS.filter((_, bit) => (event.tcpFlags >> bit) & 1).join(",");
  return `    ${arrow} ${ends.padEnd(ENDS_WIDTH)} ${protocol} ${length}  ${flags}`.trimEnd();
}

/** Some requests over TCP and UDP, of both families, one after the other. */
async function passTraffic(client: End, server: End, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  const any = (address: string): { address: IpAddress; port: number } => ({
    address: IpAddress.parse(address),
    port: 0,
  });
  for (let round = 0; Date.now() < until; round++) {
    const [from, to] = round % 2 === 0 ? [CLIENT.v4, SERVER.v4] : [CLIENT.v6, SERVER.v6];
    await using scope = new AsyncScope();
    const listener = await listenTcp(server.namespace, any(to), (socket) => socket.pipe(socket));
    const { port } = listener.address() as { port: number };
    const socket = await connectTcp(client.namespace, { address: IpAddress.parse(to), port });
    socket.end("GET / HTTP/1.1\r\n\r\n").resume();
    await once(socket, "close");
    await new Promise((resolve) => listener.close(resolve));
    const receiver = await bindUdp(server.namespace, any(to));
    const sender = await bindUdp(client.namespace, any(from));
    for (const each of [receiver, sender]) scope.defer(() => void each.close());
    sender.send("a question", receiver.address().port, to);
    await once(receiver, "message");
    await systemClock.sleep(400);
  }
}

async function demonstrate(seconds: number): Promise<void> {
  await using scope = new AsyncScope();
  const began = performance.now();
  const { client, server } = makeCable(scope);
  const spec = CollectionSpec.parse(readFileSync(join(root, "bpf/obj/events.bpf.o")), "events");
  const collection = scope.use(Collection.load(spec));
  for (const attachment of attach(collection, server)) scope.use(attachment);
  const ring = scope.use(new RingBuffer(collection.map(eventsRing.name)));
  const kind = hasFeature("tcx") ? "tcx links" : "clsact filters";
  console.log(
    `Two namespaces, a cable, and an eBPF program on the server's end (by ${kind}), in ${Math.round(performance.now() - began)} ms.`,
  );
  console.log("What it sees there, live: → what comes in, ← what goes out.\n");
  const view = (span: Uint8Array): void =>
    forEachRecord(span, (offset, length) =>
      console.log(formatEvent(eventsRing.event.decode(span.subarray(offset, offset + length)))),
    );
  {
    using _reading = ring.read(view, { everyMs: 1 });
    await passTraffic(client, server, seconds);
    await systemClock.sleep(20);
  }
  const { records } = ring.counts();
  console.log(`\n${records} events; what the program counted, by protocol:`);
  printCounters(collection);
}

function printCounters(collection: Collection): void {
  const { name, key, value } = countersMap;
  const counters = new TypedMap(collection.map(name), key, perCpu(value));
  for (const [{ protocol }, cpus] of counters.entries()) {
    const packets = cpus.reduce((sum, each) => sum + each.packets, 0n);
    const bytes = cpus.reduce((sum, each) => sum + each.bytes, 0n);
    const what = (PROTOCOLS[protocol] ?? `protocol ${protocol}`).padEnd(7);
    console.log(
      `    ${what} ${String(packets).padStart(6)} packets ${String(bytes).padStart(8)} bytes`,
    );
  }
}

await runCommand(
  { help, options: { seconds: { type: "string", default: "3" } } },
  async (values, words) => {
    noWords(words);
    await demonstrate(wholeNumber("--seconds", values.seconds, 1));
    console.log("\nEverything is taken away again. The cluster of the lab is not there yet; next:");
    console.log("    npm test                      every test that can run on this machine");
    console.log("    npm run bench -- kernel       how fast TypeScript drives the kernel");
    console.log("    less docs/ebpf.md             how to use the eBPF library by itself");
    return 0;
  },
);
