import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect, createServer } from "node:tls";
import { once } from "node:events";
import { promisify } from "node:util";
import { FakeClock, systemClock } from "#base";
import { createAuthority, issueCertificate, type KeyAndCertificate } from "./certificate.ts";

const NAMES = ["kubernetes.default.svc", "*.example.com", "127.0.0.1", "fd30:1::1"];

function leafOf(authority: KeyAndCertificate): KeyAndCertificate {
  return issueCertificate(authority, {
    subject: { commonName: "kube-apiserver", organizations: ["system:masters", "café"] },
    names: NAMES,
    purposes: ["server", "client"],
    clock: systemClock,
  });
}

test("an authority and a leaf say what was asked, in the eyes of Node", () => {
  const authority = createAuthority("lab-ca", systemClock);
  const root = new X509Certificate(authority.certificate);
  assert.equal(root.subject, "CN=lab-ca");
  assert.equal(root.ca, true);
  assert.ok(root.verify(root.publicKey));

  const leaf = leafOf(authority);
  const read = new X509Certificate(leaf.certificate);
  assert.equal(read.issuer, "CN=lab-ca");
  assert.equal(read.subject, "O=system:masters\nO=café\nCN=kube-apiserver");
  assert.equal(read.ca, false);
  assert.ok(read.verify(root.publicKey) && read.checkIssued(root));
  assert.ok(read.checkPrivateKey(createPrivateKey(leaf.key)));
  assert.ok(read.checkHost("kubernetes.default.svc") && read.checkHost("www.example.com"));
  assert.ok(read.checkIP("127.0.0.1") && read.checkIP("fd30:1::1"));
  assert.equal(read.checkHost("example.org"), undefined);
  assert.deepEqual(read.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
});

test("openssl reads them and finds the chain sound, strictly", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-pki-"));
  try {
    const authority = createAuthority("lab-ca", systemClock);
    writeFileSync(join(folder, "ca.crt"), authority.certificate);
    writeFileSync(join(folder, "leaf.crt"), leafOf(authority).certificate);
    const openssl = async (...args: string[]): Promise<string> =>
      (await promisify(execFile)("openssl", args, { cwd: folder })).stdout;
    const verify = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.crt"];
    assert.equal(await openssl(...verify, "leaf.crt"), "leaf.crt: OK\n");
    const text = await openssl("x509", "-in", "leaf.crt", "-noout", "-text");
    assert.match(text, /Version: 3 \(0x2\)/);
    assert.match(text, /Signature Algorithm: ecdsa-with-SHA256/);
    assert.match(text, /CA:FALSE/);
    assert.match(text, /Digital Signature\n/);
    assert.match(
      text,
      /DNS:kubernetes\.default\.svc, DNS:\*\.example\.com, IP Address:127\.0\.0\.1/,
    );
    const parsed = await openssl("asn1parse", "-in", "leaf.crt");
    assert.match(parsed, /UTCTIME/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("times hold from a little before now, also after 2049, where they are written otherwise", () => {
  const clock = new FakeClock(Date.UTC(2048, 11, 31));
  const authority = createAuthority("lab-ca", clock);
  const root = new X509Certificate(authority.certificate);
  assert.equal(Date.parse(root.validFrom), Date.UTC(2048, 11, 30, 23, 55));
  assert.equal(Date.parse(root.validTo), Date.UTC(2048, 11, 31) + 3650 * 86_400_000);
  const leaf = issueCertificate(authority, {
    subject: { commonName: "short" },
    purposes: ["client"],
    clock,
    days: 2,
  });
  assert.equal(Date.parse(new X509Certificate(leaf.certificate).validTo), Date.UTC(2049, 0, 2));
});

test("a server and a client that authenticate each other speak TLS", async () => {
  const authority = createAuthority("lab-ca", systemClock);
  const { key, certificate: cert } = leafOf(authority);
  const ca = authority.certificate;
  const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true });
  server.on("secureConnection", (socket) =>
    socket.end(String(socket.getPeerCertificate().subject.CN)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const socket = connect({ host: "127.0.0.1", port, key, cert, ca });
  try {
    const chunks: string[] = [];
    socket.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    await once(socket, "end");
    assert.equal(chunks.join(""), "kube-apiserver");
  } finally {
    socket.destroy();
    server.close();
    await once(server, "close");
  }
});
