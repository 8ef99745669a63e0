import assert from "node:assert/strict";
import { readSync, writeSync } from "node:fs";
import { test } from "node:test";
import { IpAddress } from "#base";
import {
  bindUdp,
  createAnonymousNamespace,
  createTun,
  openGenericNetlink,
  openNetlink,
  readSysctl,
  RouteTable,
  tryReadSysctl,
  writeSysctl,
} from "#netlink";

const FORWARDING = "net.ipv4.ip_forward";

test("a sysctl is that of the namespace it is asked of", () => {
  using namespace = createAnonymousNamespace("sysctl");
  const atHome = readSysctl(FORWARDING);
  writeSysctl(FORWARDING, atHome === "1" ? 0 : 1, { namespace });
  assert.notEqual(readSysctl(FORWARDING, { namespace }), atHome);
  assert.equal(readSysctl(FORWARDING), atHome);
});

test("a sysctl whose key has a dot in it is written with slashes", () => {
  using namespace = createAnonymousNamespace("sysctl");
  using netlink = openNetlink({ namespace });
  netlink.links.create({ name: "eth0.100", details: { kind: "veth", peer: { name: "p" } } });
  const key = "net/ipv4/conf/eth0.100/rp_filter";
  writeSysctl(key, 2, { namespace });
  assert.equal(readSysctl(key, { namespace }), "2");
});

test("a sysctl that cannot be is refused by name", () => {
  using namespace = createAnonymousNamespace("sysctl");
  assert.throws(
    () => readSysctl("net.ipv4.no_such_thing", { namespace }),
    /^SyscallError: reading sysctl net\.ipv4\.no_such_thing: ENOENT/,
  );
  assert.equal(tryReadSysctl("net.ipv4.no_such_thing"), undefined);
  assert.throws(
    () => writeSysctl(FORWARDING, "maybe", { namespace }),
    /setting sysctl net\.ipv4\.ip_forward to maybe: EINVAL/,
  );
  assert.throws(() => readSysctl("net/../../kcore"), /is no name of a sysctl/);
  assert.throws(() => readSysctl("net..ipv4"), /is no name of a sysctl/);
});

test("what is written into a TUN device comes in, and what goes out can be read", async () => {
  using namespace = createAnonymousNamespace("tun");
  using netlink = openNetlink({ namespace });
  using tun = createTun({ name: "tun%d", mode: "tun", namespace });
  assert.equal(tun.name, "tun0");
  const details = netlink.links.get("tun0")?.details;
  assert.deepEqual(details, {
    kind: "tun",
    mode: "tun",
    isPersistent: false,
    hasPacketInformation: false,
    hasVnetHeader: false,
    isMultiQueue: false,
  });
  const local = IpAddress.parse("10.0.0.1");
  netlink.links.set(tun.index, { isUp: true });
  netlink.addresses.add({ link: tun.index, address: local, prefixLength: 24 });
  assert.equal(netlink.routes.list({ family: 4, table: RouteTable.main }).length, 1);
  const socket = await bindUdp(namespace, { address: local, port: 4000 });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.send("to the tun", 5000, "10.0.0.9", (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    const packet = Buffer.alloc(2048);
    let length = 0;
    // The kernel speaks up on its own account too: IPv6 begins with looking for routers.
    do length = readSync(tun.fd.number, packet);
    while (packet[0] !== 0x45);
    assert.equal(packet.toString("latin1", 28, length), "to the tun");
    // Back to the sender: addresses and ports the other way round, and no checksum.
    const reply = Buffer.from(packet.subarray(0, length));
    packet.copy(reply, 12, 16, 20);
    packet.copy(reply, 16, 12, 16);
    packet.copy(reply, 20, 22, 24);
    packet.copy(reply, 22, 20, 22);
    reply.writeUInt16BE(0, 26);
    const heard = new Promise((resolve) => {
      socket.once("message", resolve);
    });
    writeSync(tun.fd.number, reply);
    assert.equal(String(await heard), "to the tun");
  } finally {
    socket.close();
  }
});

test("a TUN device goes with its descriptor, unless it is to stay", () => {
  using namespace = createAnonymousNamespace("tun");
  using netlink = openNetlink({ namespace });
  createTun({ name: "gone", mode: "tap", namespace })[Symbol.dispose]();
  assert.equal(netlink.links.get("gone"), undefined);
  createTun({ name: "stays", mode: "tap", namespace, isPersistent: true })[Symbol.dispose]();
  const stays = netlink.links.get("stays");
  assert.equal(stays?.details?.kind === "tun" && stays.details.isPersistent, true);
  assert.notEqual(stays?.mac, undefined);
  using again = createTun({ name: "stays", mode: "tap", namespace });
  assert.equal(again.index, stays?.index);
  assert.throws(
    () => createTun({ name: "stays", mode: "tap", namespace }),
    /creating tap device stays: EBUSY/,
  );
  assert.throws(() => createTun({ name: "much-too-long-a-name", mode: "tun" }), /at most 15/);
  netlink.links.delete("stays");
});

test("generic netlink tells of its families, the one that tells among them", async () => {
  using namespace = createAnonymousNamespace("generic");
  using generic = openGenericNetlink({ namespace });
  const control = generic.family("nlctrl");
  assert.ok(control);
  assert.deepEqual([control.id, control.name, control.version], [16, "nlctrl", 2]);
  assert.ok(control.commands.includes(3), "it can be asked for a family");
  assert.notEqual(control.groups.get("notify"), undefined);
  assert.equal(generic.family("no-such-family"), undefined);
  assert.deepEqual(
    generic.families().find(({ name }) => name === "nlctrl"),
    control,
  );
  const request = { family: control, command: 3, what: "asking for all families" };
  const names = generic.dump(request, (attributes) => attributes.text(2));
  assert.ok(names.includes("nlctrl"));
  const one = generic.get(
    { ...request, write: (writer) => writer.text(2, "nlctrl") },
    (attributes, command) => [command, attributes.u16(1)],
  );
  assert.deepEqual(one, [1, 16]);
  const wrong = { family: control, command: 99, what: "asking for what is not" };
  assert.throws(() => generic.send(wrong), /^NetlinkError: asking for what is not: EOPNOTSUPP/);
  await assert.rejects(generic.sendAsync(wrong), /asking for what is not: EOPNOTSUPP/);
});
