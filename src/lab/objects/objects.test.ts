import assert from "node:assert/strict";
import { test } from "node:test";
import { isHidden, mountsBelow } from "../processes/clean.ts";
import { demoNodePort, demoObjects, DEMO_NAMESPACE } from "./demo.ts";
import { dnsObjects } from "./dns.ts";
import { decodeExit } from "./exec.ts";
import { hasCondition, needResource } from "./objects.ts";

test("a command's exit code is in the Status that ends it", () => {
  const decode = (value: unknown): number => decodeExit(Buffer.from(JSON.stringify(value)));
  const causes = [{ reason: "ExitCode", message: "7" }];
  assert.equal(decode({ status: "Success" }), 0);
  assert.equal(decode({ status: "Failure", details: { causes } }), 7);
  assert.throws(
    () => decode({ status: "Failure", message: "no such container" }),
    /no such container/,
  );
  assert.throws(() => decodeExit(Buffer.from("{")), { code: "decode" });
});

test("resources are found by all their names", () => {
  for (const word of ["po", "pod", "pods", "Pod"]) assert.equal(needResource(word).kind, "Pod");
  assert.equal(needResource("cnp").kind, "CiliumNetworkPolicy");
  assert.equal(needResource("deployments.apps").kind, "Deployment");
  assert.throws(() => needResource("things"), /no resource that this command knows/);
});

test("conditions are read from any object", () => {
  const status = { conditions: [{ type: "Ready", status: "True" }] };
  assert.equal(hasCondition({ metadata: {}, status }, "Ready"), true);
  assert.equal(hasCondition({ metadata: {}, status }, "Available"), false);
  assert.equal(hasCondition({ metadata: {} }, "Ready"), false);
});

test("the demo is three pods with a service each, and labs' demos do not share a port", () => {
  const kinds = demoObjects(1).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const tiers = ["database", "api", "frontend"];
  const wanted = tiers.flatMap((name) => [`Pod ${name}`, `Service ${name}`]);
  assert.deepEqual(kinds, [`Namespace ${DEMO_NAMESPACE}`, ...wanted]);
  assert.notEqual(demoNodePort(1), demoNodePort(2));
});

test("CoreDNS asks the internet only where there is one", () => {
  const data = (upstream: string | undefined): string => {
    const objects = dnsObjects({
      replicas: 2,
      addresses: ["10.201.0.10"],
      clusterDomain: "cluster.local",
      upstream,
    });
    const config = objects.find(({ kind }) => kind === "ConfigMap");
    return String((Object(config?.["data"]) as { Corefile?: unknown }).Corefile);
  };
  assert.match(data("172.31.1.53"), /^ {4}forward \. 172\.31\.1\.53$/m);
  assert.doesNotMatch(data(undefined), /forward/);
});

test("a lab's processes are known by their whole command, and only its own", () => {
  const words = ["node", "cilium.js", "lab", "kubelet", "--name", "a", "--node", "node1"];
  assert.ok(isHidden(words, "a"));
  assert.ok(!isHidden(words, "b"));
  assert.ok(!isHidden(["node", "cilium.js", "lab", "up", "--name", "a"], "a"));
  assert.ok(!isHidden(["vim", "lab"], "a"));
});

test("mounts are found below a folder and not beside it, the last first", () => {
  const line = (path: string): string => `36 25 0:32 / ${path} rw - tmpfs tmpfs rw`;
  const info = ["/run/lab/a", "/run/lab/a/b\\040c", "/run/lab/ab", "/run"].map(line).join("\n");
  assert.deepEqual(mountsBelow(info, "/run/lab/a"), ["/run/lab/a/b c", "/run/lab/a"]);
});
