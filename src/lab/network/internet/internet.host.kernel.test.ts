import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { test } from "node:test";
import { AsyncScope, IpAddress } from "#base";
import { silentLogger } from "#base/log";
import { connectTcp, listNamespaces } from "#netlink";
import { DnsType } from "#packet";
import { labAddresses } from "../addresses.ts";
import { encodeQuery } from "../dns/message.ts";
import { Forwarder } from "../dns/forward.ts";
import { readAnswer } from "../dns/read-answer.ts";
import { createNode, removeLabFolders, removeNode } from "../underlay/node-network.ts";
import { createUnderlay, removeUnderlay } from "../underlay/underlay.ts";
import { removeInternet, startInternet } from "./internet.ts";
import type { Certificate } from "./web.ts";

/** Signed by itself: whether a client trusts it is not the question here. */
function issue(folder: string, name: string): Certificate {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const what = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  execFileSync("openssl", [...what, ...names, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

test("nodes find the hosts of the little internet, and reach them by HTTP and HTTPS", async () => {
  await using scope = new AsyncScope();
  const runFolder = mkdtempSync(join(tmpdir(), "ciliate-internet-"));
  scope.defer(() => rmSync(runFolder, { recursive: true }));
  const lab = { name: `internet-${process.pid}`, index: 45, hasIpv6: true, runFolder };
  const options = { lab, node: "node1", index: 1 };
  createUnderlay(lab);
  scope.defer(() => removeUnderlay(lab));
  scope.defer(() => removeInternet(lab));
  scope.defer(() => removeLabFolders(lab));
  scope.defer(() => removeNode(options));
  const node = scope.use(createNode(options));
  const internet = scope.use(
    await startInternet({ lab, issue: (name) => issue(runFolder, name), logger: silentLogger }),
  );
  internet.add("Shop.example.org");
  const address = labAddresses(lab).internetResolver;
  const resolver = scope.use(await Forwarder.start(node.namespace, { address, port: 53 }));
  const lookup = async (name: string, type: number): Promise<string[]> => {
    const { records } = readAnswer(await resolver.ask(encodeQuery(name, type), "udp"));
    return records.map((each) => ("address" in each ? IpAddress.fromBytes(each.address).key : ""));
  };
  assert.deepEqual(await lookup("nobody.example.org", DnsType.A), []);
  assert.equal((await lookup("bucket.s3.amazonaws.com", DnsType.A)).length, 8);
  for (const type of [DnsType.A, DnsType.AAAA]) {
    const [at = ""] = await lookup("shop.example.org", type);
    const own = (type === DnsType.A ? node.address.ipv4 : node.address.ipv6)?.key;
    const open = (port: number): ReturnType<typeof connectTcp> =>
      connectTcp(node.namespace, { address: IpAddress.parse(at), port });
    const http = await open(80);
    const request = get({ createConnection: () => http, host: "shop.example.org", path: "/a?b=1" });
    const [response] = (await once(request, "response")) as [AsyncIterable<Buffer>];
    let body = "";
    for await (const chunk of response) body += chunk.toString();
    http.destroy();
    assert.deepEqual(JSON.parse(body), {
      host: "shop.example.org",
      protocol: "http",
      method: "GET",
      path: "/a?b=1",
      client: own,
    });
    const tcp = await open(443);
    const tls = connectTls({
      socket: tcp,
      servername: "shop.example.org",
      rejectUnauthorized: false,
    });
    await once(tls, "secureConnect");
    assert.equal(tls.getPeerCertificate().subjectaltname, "DNS:shop.example.org");
    tls.destroy();
    tcp.destroy();
  }
  assert.ok(listNamespaces().includes(`ciliate-${lab.name}-internet`));
});
