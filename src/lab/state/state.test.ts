import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeClock } from "#base";
import { ensureClusterPki, ensureNodePki } from "./cluster-pki.ts";
import { checkWritable, fileError, writeFileWhole } from "./files.ts";
import { tryLock } from "./lock.ts";
import { checkName } from "./places.ts";
import {
  checkHost,
  DEFAULT_VALUES,
  needNode,
  newNode,
  parseNodeName,
  setValue,
} from "./settings.ts";

async function inFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-lab-state-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a cluster's certificates are made once, for all its addresses, and renewed before they end", async () => {
  await inFolder((folder) => {
    const clock = new FakeClock();
    const first = ensureClusterPki(folder, ["172.30.1.1"], clock);
    const server = new X509Certificate(first.server.certificate);
    for (const address of ["172.30.1.1", "127.0.0.1", "::1"]) assert.ok(server.checkIP(address));
    assert.ok(server.checkHost("kubernetes.default.svc.cluster.local"));
    const admin = new X509Certificate(first.admin.certificate);
    assert.equal(admin.subject, "O=system:masters\nCN=kubernetes-admin");
    assert.deepEqual(ensureClusterPki(folder, ["172.30.1.1"], clock), first);
    assert.equal(statSync(join(folder, "admin.key")).mode & 0o777, 0o600);

    const moved = ensureClusterPki(folder, ["172.30.2.1"], clock);
    assert.ok(new X509Certificate(moved.server.certificate).checkIP("172.30.2.1"));
    assert.deepEqual([moved.authority, moved.admin], [first.authority, first.admin]);

    const later = new FakeClock(clock.nowMs() + 350 * 86_400_000);
    const renewed = ensureClusterPki(folder, ["172.30.2.1"], later);
    assert.notEqual(renewed.admin.certificate, first.admin.certificate);
    assert.deepEqual(renewed.serviceAccounts, first.serviceAccounts);

    rmSync(join(folder, "admin.crt"));
    const mended = ensureClusterPki(folder, ["172.30.2.1"], later);
    assert.notEqual(mended.admin.key, renewed.admin.key);
    const node = ensureNodePki(folder, { name: "node1", addresses: ["172.30.2.11"] }, later);
    assert.match(
      new X509Certificate(node.kubelet.certificate).subject,
      /O=system:nodes\nCN=system:node:node1/,
    );
  });
});

test("files are written whole, and what is in the way is told in plain words", async () => {
  await inFolder((folder) => {
    checkWritable(join(folder, "new", "deep"));
    writeFileWhole(join(folder, "file"), "text", { mode: 0o640 });
    assert.deepEqual(readdirSync(folder).toSorted(), ["file", "new"]);
    assert.throws(() => checkWritable(join(folder, "file", "below")), /is a file. Move that away/);
    assert.throws(() => checkWritable(join(folder, "file")), /Move it away/);
    writeFileSync(join(folder, "file"), "x");
    assert.match(fileError("/a", { code: "ENOSPC" }).message, /disk under \/a is full: make room/);
    assert.match(fileError("/a", { code: "EROFS" }).message, /read-only/);
  });
});

test("names of labs, nodes and hosts that cannot be are refused", () => {
  assert.equal(checkName("lab-2"), "lab-2");
  for (const name of ["", "-a", "a-", "A", "a/b", "..", "a".repeat(33)]) {
    assert.throws(() => checkName(name), { code: "name" });
  }
  assert.equal(parseNodeName("node12"), 12);
  for (const name of ["node0", "node101", "node01", "x"]) {
    assert.throws(() => parseNodeName(name), { code: "name" });
  }
  assert.equal(checkHost("S3.example.com"), "s3.example.com");
  for (const name of ["", "localhost", "a..b", "a_b.c", "*.a.b"]) {
    assert.throws(() => checkHost(name), { code: "name" });
  }
});

test("values are set by key=value, and others are named", () => {
  assert.equal(setValue(DEFAULT_VALUES, "kubeProxy=false").kubeProxy, false);
  assert.equal(setValue(DEFAULT_VALUES, "dnsReplicas=2").dnsReplicas, 2);
  assert.throws(
    () => setValue(DEFAULT_VALUES, "nonsense=1"),
    /--set: .*one of kubeProxy, internet/,
  );
  assert.throws(() => setValue(DEFAULT_VALUES, "kubeProxy"), /no?t key=value/);
  assert.throws(() => setValue(DEFAULT_VALUES, "dnsReplicas=x"), /dnsReplicas cannot be "x"/);
});

test("a node that is not there is told with those that are", () => {
  const settings = {
    name: "lab",
    index: 1,
    isIpv6: false,
    cni: "bridge",
    values: DEFAULT_VALUES,
    nodes: [newNode(1)],
    internetHosts: [],
  } as const;
  assert.equal(needNode(settings, "node1").index, 1);
  assert.throws(() => needNode(settings, "node2"), /no node "node2": it has node1/);
});

test("a lock has one holder", async () => {
  const name = `test-${process.pid}`;
  const first = await tryLock(name);
  assert.ok(first !== undefined);
  assert.equal(await tryLock(name), undefined);
  await first[Symbol.asyncDispose]();
  const second = await tryLock(name);
  assert.ok(second !== undefined);
  await second[Symbol.asyncDispose]();
});
