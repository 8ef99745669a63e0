// A process that begins ever new flows out of a namespace, so many in a second, to ports of a list
// in turn, over both families. Says `ready`; asked to `count`, or to `stop`, how many packets went.
import { packet } from "#packet";
import { openNamespace, withNamespace } from "#netlink";
import { IpAddress } from "#base";
import { checkSyscall, linuxSyscalls } from "#sys";
import type { Transport } from "../sockets.ts";
import { socketAddress } from "../../world/traffic.ts";

interface Options {
  readonly namespace: string;
  /** Source and destination. */
  readonly addresses: readonly (readonly [string, string])[];
  readonly transport: Transport;
  readonly ports: readonly number[];
  /** Of each flow. */
  readonly packets: number;
  readonly perSecond: number;
}

const SOCK_RAW = 3;
const IPPROTO_RAW = 255;
const DOMAINS = { 4: 2, 6: 10 } as const;
const ETHERNET_BYTES = 14;
const PORTS_AT = { 4: 20, 6: 40 } as const;
const FIRST_SOURCE_PORT = 1024;
const LAST_SOURCE_PORT = 65_535;
const SLICE_MS = 5;

const options = JSON.parse(process.argv[2] ?? "{}") as Options;
const calls = linuxSyscalls();
const namespace = openNamespace(options.namespace);

const ways = options.addresses.map(([source, destination]) => {
  const to = IpAddress.parse(destination);
  const { family } = to;
  const frame = packet().ethernet();
  const inIp =
    family === 4 ? frame.ipv4({ source, destination }) : frame.ipv6({ source, destination });
  // Ports stand at the same place in both; with others, TCP's checksum is wrong, and nobody answers.
  const ends = { sourcePort: 1, destinationPort: 1 };
  const built =
    options.transport === "udp" ? inIp.udp(ends) : inIp.tcp({ ...ends, flags: ["SYN"] });
  const bytes = built.build().slice(ETHERNET_BYTES);
  const fd = withNamespace(namespace, () =>
    checkSyscall(calls.socket(DOMAINS[family], SOCK_RAW, IPPROTO_RAW), "opening a raw socket"),
  );
  checkSyscall(calls.connect(fd, socketAddress(to, 0)), "connecting a raw socket");
  return { fd, bytes, view: new DataView(bytes.buffer), at: PORTS_AT[family] };
});

let sent = 0;
let sourcePort = FIRST_SOURCE_PORT;

/** One to each port, each the first of a flow. */
function sendToAll(): void {
  for (const destinationPort of options.ports) {
    for (const { fd, bytes, view, at } of ways) {
      view.setUint16(at, sourcePort);
      view.setUint16(at + 2, destinationPort);
      for (let sending = 0; sending < options.packets; sending++)
        checkSyscall(calls.send(fd, bytes, 0), "sending");
    }
  }
  sent += options.ports.length * ways.length * options.packets;
  sourcePort = sourcePort === LAST_SOURCE_PORT ? FIRST_SOURCE_PORT : sourcePort + 1;
}

let next: NodeJS.Timeout | undefined;
const beganMs = performance.now();
function work(): void {
  const untilMs = performance.now() + SLICE_MS;
  while (performance.now() < untilMs) {
    if (sent > ((performance.now() - beganMs) * options.perSecond) / 1000) break;
    sendToAll();
  }
  next = setTimeout(work, 0);
}

process.on("message", (message) => {
  if (message === "stop") clearTimeout(next);
  process.send?.({ sent });
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
work();
