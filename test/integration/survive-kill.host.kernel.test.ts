import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { AsyncScope, Cidr, IpAddress } from "#base";
import { KernelMap, programsAtDevice } from "#ebpf";
import {
  bindUdp,
  createNamespace,
  deleteNamespace,
  type Namespace,
  openNetlink,
  withNamespace,
} from "#netlink";

import { bpfFolder } from "#test";

// A process that holds pinned maps and an attached program is killed, again and again, while
// packets flow: none may be lost, and the next process takes over and counts on.

const ROUNDS = 5;
const PORT = 9000;
const OBJECT = join(import.meta.dirname, "../../bpf/obj/events.bpf.o");
const HOLDER = join(import.meta.dirname, "testdata/attach-and-wait.ts");
const PIN_FOLDER = bpfFolder();
const UDP = 17;

interface Wire {
  sender: Namespace;
  receiver: Namespace;
  device: number;
  address: IpAddress;
}

/** Two namespaces with a cable between them. */
function makeWire(scope: AsyncScope): Wire {
  const make = (name: string): Namespace => {
    scope.defer(() => void deleteNamespace(name));
    return scope.use(createNamespace(name));
  };
  const sender = make(`ciliate-a-${process.pid}`);
  const receiver = make(`ciliate-b-${process.pid}`);
  using here = openNetlink({ namespace: sender });
  using there = openNetlink({ namespace: receiver });
  here.links.create({
    name: "wire",
    details: { kind: "veth", peer: { name: "wire", namespace: receiver } },
  });
  const up = (netlink: typeof here, cidr: string): number => {
    const { index } = netlink.links.get("wire") ?? assert.fail("the veth is there");
    const [address = "", length] = cidr.split("/");
    netlink.addresses.add({
      link: index,
      address: IpAddress.parse(address),
      prefixLength: Number(length),
    });
    netlink.links.set(index, { isUp: true });
    return index;
  };
  up(here, "10.77.0.1/24");
  const device = up(there, "10.77.0.2/24");
  return {
    sender,
    receiver,
    device,
    address: Cidr.parse("10.77.0.0/24").nth(2n) ?? assert.fail("an address"),
  };
}

async function startHolder(wire: Wire): Promise<{ child: ChildProcess; program: number }> {
  const args = [
    "--import",
    "tsx",
    HOLDER,
    OBJECT,
    `/var/run/netns/${wire.receiver.name}`,
    String(wire.device),
    PIN_FOLDER,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, program: Number(/attached (\d+)/.exec(line.toString())?.[1]) };
}

/** UDP packets that the pinned map has counted, on all CPUs. */
function counted(device: number): number {
  using counters = KernelMap.openPinned(join(PIN_FOLDER, "counters"));
  const key = Uint8Array.from([...new Uint8Array(new Uint32Array([device]).buffer), UDP, 0, 0, 0]);
  const values = new BigUint64Array(Uint8Array.from(counters.lookup(key) ?? []).buffer);
  return values.filter((_, at) => at % 2 === 0).reduce((sum, packets) => sum + Number(packets), 0);
}

test("kill -9 of the owner loses no packet, and the next one takes over", async () => {
  await using scope = new AsyncScope();
  const wire = makeWire(scope);
  const receiver = await bindUdp(wire.receiver, { address: wire.address, port: PORT });
  const sender = await bindUdp(wire.sender, { address: IpAddress.parse("10.77.0.1"), port: 0 });
  scope.defer(async () => {
    for (const socket of [receiver, sender]) {
      socket.close();
      await once(socket, "close");
    }
  });
  receiver.setRecvBufferSize(4 << 20);
  let received = 0;
  receiver.on("message", () => {
    received += 1;
  });

  const programs: number[] = [];
  let holder = await startHolder(wire);
  let sent = 0;
  const flood = setInterval(() => {
    for (let packet = 0; packet < 50; packet++) sender.send("x", PORT, wire.address.key);
    sent += 50;
  }, 2);
  scope.defer(() => clearInterval(flood));
  for (let round = 0; round < ROUNDS; round++) {
    programs.push(holder.program);
    holder.child.kill("SIGKILL");
    await once(holder.child, "exit");
    holder = await startHolder(wire);
  }
  programs.push(holder.program);
  clearInterval(flood);
  for (let wait = 0; wait < 100 && received < sent; wait++)
    await new Promise((resolve) => setTimeout(resolve, 10));

  using netlink = openNetlink({ namespace: wire.receiver });
  const attached = withNamespace(wire.receiver, () =>
    programsAtDevice(netlink, wire.device, "ingress"),
  );
  holder.child.kill("SIGKILL");
  await once(holder.child, "exit");

  assert.equal(new Set(programs).size, ROUNDS + 1, "each process put its own program there");
  assert.deepEqual(attached, [holder.program], "the last one's, and no other's");
  assert.equal(received, sent, "no packet was lost");
  assert.equal(counted(wire.device), sent, "each was counted once, by whichever program");
  assert.ok(sent > 10_000, `${sent} packets are a flood`);
});
