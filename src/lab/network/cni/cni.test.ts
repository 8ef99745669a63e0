import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Cidr } from "#base";
import { masqueradeRules } from "./bridge.ts";
import { parseConfig } from "./config.ts";
import { bridgeConflist } from "./conflist.ts";
import { hostPortRules } from "./host-ports.ts";
import { Leases } from "./leases.ts";
import { CniError, errorOutput, parseEnvironment } from "./protocol.ts";

const LAB = { name: "lab", index: 1, hasIpv6: true, runFolder: "/run/x" };

interface Conflist {
  readonly plugins: readonly object[];
}

/** What a runtime makes of the conflist for the plugin. */
function input(change: object = {}): string {
  const [plugin] = (bridgeConflist(LAB, 2, "/leases") as Conflist).plugins;
  return JSON.stringify({ ...plugin, cniVersion: "1.0.0", name: "ciliate-lab", ...change });
}

const codeOf = (action: () => unknown): number => {
  try {
    action();
  } catch (error) {
    if (error instanceof CniError) return error.number;
  }
  return 0;
};

test("the conflist is a configuration that the plugin reads", () => {
  const config = parseConfig(input());
  assert.deepEqual(
    config.subnets.map(({ key }) => key),
    ["10.101.2.0/24", "fd31:1:2::/64"],
  );
  assert.equal(config.bridge, "cni0");
  assert.match(
    masqueradeRules(config),
    /ip saddr 10\.101\.2\.0\/24 ip daddr != \{ 10\.101\.2\.0\/24, 10\.101\.0\.0\/16, 172\.30\.1\.0\/24, 224\.0\.0\.0\/4 \} masquerade/,
  );
});

test("what a runtime gets wrong is told with the code that CNI has for it", () => {
  for (const [text, code] of [
    ["{", 6],
    ["[]", 6],
    [input({ cniVersion: "0.3.1" }), 1],
    [input({ cniVersion: undefined }), 1],
    [input({ name: undefined }), 7],
    [input({ ipam: {} }), 7],
    [input({ ipam: { dataDir: "/x", ranges: [[{ subnet: "10.0.0.0/33" }]] } }), 7],
    [input({ ipam: { dataDir: "/x", ranges: [] } }), 7],
    [input({ mtu: "1500" }), 7],
  ] as const) {
    assert.equal(
      codeOf(() => parseConfig(text)),
      code,
      text,
    );
  }
  const good = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/n", CNI_IFNAME: "eth0" };
  assert.equal(parseEnvironment(good).containerId, "c1");
  assert.equal(parseEnvironment({ ...good, CNI_COMMAND: "DEL", CNI_NETNS: "" }).netns, undefined);
  for (const change of [
    { CNI_COMMAND: "HELLO" },
    { CNI_COMMAND: undefined },
    { CNI_CONTAINERID: "" },
    { CNI_CONTAINERID: "-c" },
    { CNI_NETNS: undefined },
    { CNI_IFNAME: "a/b" },
    { CNI_IFNAME: "sixteen-letters-" },
  ]) {
    assert.equal(
      codeOf(() => parseEnvironment({ ...good, ...change })),
      4,
      JSON.stringify(change),
    );
  }
  assert.deepEqual(JSON.parse(errorOutput(new CniError(7, "no", "why"), "1.1.0")), {
    cniVersion: "1.1.0",
    code: 7,
    msg: "no",
    details: "why",
  });
});

test("leases survive their process, rest as long as they can, and run out", () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-leases-"));
  try {
    const subnets = [Cidr.parse("10.0.0.0/29"), Cidr.parse("fd00::/64")];
    const open = (): Leases => new Leases(folder, "net");
    const pod = (name: number): { containerId: string; ifname: string } => ({
      containerId: `c${name}`,
      ifname: "eth0",
    });
    const give = (name: number): string[] =>
      open()
        .allocate(pod(name), subnets)
        .map(({ key }) => key);
    assert.deepEqual(give(1), ["10.0.0.2", "fd00::2"]);
    assert.equal(
      codeOf(() => give(1)),
      100,
    );
    assert.deepEqual(give(2), ["10.0.0.3", "fd00::3"]);
    open().release(pod(1));
    open().release(pod(1));
    assert.deepEqual(open().get(pod(1)), undefined);
    assert.deepEqual(give(3), ["10.0.0.4", "fd00::4"], "the address that is free rests");
    assert.deepEqual(
      [give(4), give(5)].map(([ipv4]) => ipv4),
      ["10.0.0.5", "10.0.0.6"],
    );
    assert.ok(open().hasRoom(subnets));
    assert.deepEqual(give(6)[0], "10.0.0.2");
    assert.equal(
      codeOf(() => give(7)),
      101,
    );
    assert.ok(!open().hasRoom(subnets));
    const path = join(folder, "net.json");
    assert.match(readFileSync(path, "utf8"), /"c6"/);
    writeFileSync(path, "{");
    assert.throws(open, /is damaged/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("ports of the node lead to a pod's addresses of the same family, and to no other's", () => {
  const runtimeConfig = {
    portMappings: [
      { hostPort: 80, containerPort: 8080, protocol: "tcp", hostIP: "" },
      { hostPort: 53, containerPort: 5353, protocol: "udp", hostIP: "fd30::b" },
    ],
  };
  const { portMappings } = parseConfig(input({ runtimeConfig }));
  const rules = hostPortRules([
    { addresses: ["10.1.0.2", "fd31::2"], ports: portMappings },
    { addresses: ["10.1.0.3"], ports: [] },
  ]);
  const lines = rules.split("\n").filter((line) => line.includes("dnat "));
  assert.deepEqual(
    [...new Set(lines.map((line) => line.trim()))],
    [
      "fib daddr type local ip daddr != 127.0.0.0/8 tcp dport 80 dnat ip to 10.1.0.2:8080",
      "fib daddr type local ip6 daddr != ::1 tcp dport 80 dnat ip6 to [fd31::2]:8080",
      "ip6 daddr fd30::b udp dport 53 dnat ip6 to [fd31::2]:5353",
    ],
  );
  assert.ok(!rules.includes("10.1.0.3"));
  const wrong = { portMappings: [{ hostPort: 80, containerPort: 0 }] };
  assert.equal(
    codeOf(() => parseConfig(input({ runtimeConfig: wrong }))),
    7,
  );
});
