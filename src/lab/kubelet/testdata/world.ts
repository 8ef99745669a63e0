import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AsyncScope, IpAddress } from "#base";
import { RESOURCES } from "#kube";
import { createAnonymousNamespace, type Namespace, openNetlink } from "#netlink";
import type { Container, Pod, PodStatus } from "../core/pod.ts";
import type { KubeletPki } from "../context.ts";
import { type Kubelet, startKubelet } from "../kubelet.ts";
import { FakeCluster } from "./fake-client.ts";

/** A plugin as simple as they come: one cable and one address a pod, taken from a counter. */
const PLUGIN = `#!/bin/sh
set -e
echo "$CNI_COMMAND" >> "$CNI_PATH/calls"
case "$CNI_COMMAND" in
ADD)
  n=$(cat "$CNI_PATH/next" 2> /dev/null || echo 2)
  echo $((n + 1)) > "$CNI_PATH/next"
  ip link add "v$n" type veth peer name "p$n"
  ip link set "p$n" netns "$CNI_NETNS"
  ip link set "v$n" up
  ip route add "10.99.0.$n/32" dev "v$n"
  nsenter --net="$CNI_NETNS" sh -c "ip link set p$n name eth0; ip addr add 10.99.0.$n/32 dev eth0; ip link set eth0 up; ip route add 10.99.0.1/32 dev eth0; ip route add default via 10.99.0.1"
  echo '{"cniVersion": "1.0.0", "interfaces": [], "ips": [{"address": "10.99.0.'$n'/32", "gateway": "10.99.0.1"}]}' ;;
*) ;;
esac
`;

const CONF = { cniVersion: "1.0.0", name: "test", plugins: [{ type: "test-plugin" }] };
const TIMEOUT_MS = 30_000;

/** A node with a kubelet, and a cluster that is not there. */
export class World implements AsyncDisposable {
  readonly cluster = new FakeCluster();
  readonly folder = mkdtempSync(join(tmpdir(), "kubelet-test-"));
  readonly namespace: Namespace;
  readonly #pki: KubeletPki | undefined;
  #kubelet: Kubelet | undefined;

  constructor(pki?: KubeletPki) {
    this.#pki = pki;
    this.namespace = createAnonymousNamespace("node");
    using netlink = openNetlink({ namespace: this.namespace });
    netlink.links.set("lo", { isUp: true });
    const bin = join(this.folder, "bin");
    const conf = join(this.folder, "conf");
    for (const folder of [bin, conf]) mkdirSync(folder);
    writeFileSync(join(bin, "test-plugin"), PLUGIN);
    chmodSync(join(bin, "test-plugin"), 0o755);
    writeFileSync(join(conf, "10-test.conflist"), JSON.stringify(CONF));
    // Pods answer to an address of the node's.
    netlink.links.create({ name: "gateway", index: 9, details: { kind: "bridge" }, isUp: true });
    const address = IpAddress.parse("10.99.0.1");
    netlink.addresses.add({ link: 9, address, prefixLength: 32 });
  }

  get state(): string {
    return join(this.folder, "state");
  }

  async start(): Promise<Kubelet> {
    this.#kubelet = await startKubelet({
      client: this.cluster.client,
      node: "node1",
      addresses: ["10.99.0.1"],
      namespace: this.namespace,
      folders: {
        state: this.state,
        logs: join(this.state, "logs/pods"),
        containerLogs: join(this.state, "logs/containers"),
      },
      cni: { confFolder: join(this.folder, "conf"), binFolder: join(this.folder, "bin") },
      clusterDns: ["10.96.0.10"],
      namespacePrefix: `kt${process.pid}-`,
      ...(this.#pki === undefined ? {} : { pki: this.#pki }),
    });
    return this.#kubelet;
  }

  async stop(): Promise<void> {
    await this.#kubelet?.[Symbol.asyncDispose]();
    this.#kubelet = undefined;
  }

  async run(
    name: string,
    spec: Partial<Pod["spec"]> & { containers: readonly Container[] },
  ): Promise<void> {
    await this.cluster.create(RESOURCES.Pod, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default", uid: `uid-of-${name}` },
      spec: {
        nodeName: "node1",
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 2,
        ...spec,
      },
    });
  }

  status(name: string): PodStatus {
    return this.cluster.find(RESOURCES.Pod, name)?.["status"] ?? {};
  }

  /** Waits until a status of the pod is as it should be, and answers it. */
  async until(name: string, isSo: (status: PodStatus) => boolean): Promise<PodStatus> {
    const end = Date.now() + TIMEOUT_MS;
    while (Date.now() < end) {
      const status = this.status(name);
      if (isSo(status)) return status;
      await sleep(20);
    }
    throw new Error(
      `pod ${name} stays ${JSON.stringify(this.status(name), undefined, 1)}\n${this.events(name).join("\n")}`,
    );
  }

  async untilGone(name: string): Promise<void> {
    const end = Date.now() + TIMEOUT_MS;
    const path = join(this.state, "pods", `uid-of-${name}`);
    const { existsSync } = await import("node:fs");
    while (this.cluster.find(RESOURCES.Pod, name) !== undefined || existsSync(path)) {
      if (Date.now() > end)
        throw new Error(`pod ${name} does not go\n${this.events(name).join("\n")}`);
      await sleep(20);
    }
  }

  /** Type, reason and message of what was told of a pod. */
  events(name: string): string[] {
    return this.cluster
      .all(RESOURCES.CoreEvent)
      .filter((event) => (event["involvedObject"] as { name: string }).name === name)
      .map(
        (event) =>
          `${String(event["type"])} ${String(event["reason"])} ${String(event["message"])}`,
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using scope = new AsyncScope();
    scope.defer(() => rmSync(this.folder, { recursive: true, force: true }));
    scope.defer(() => this.namespace.close());
    if (this.#kubelet === undefined) await this.start();
    for (const pod of this.cluster.all(RESOURCES.Pod)) {
      const ref = { namespace: "default", name: pod.metadata.name ?? "" };
      await this.cluster.delete(RESOURCES.Pod, ref, { gracePeriodSeconds: 1 });
    }
    for (const pod of this.cluster.all(RESOURCES.Pod))
      await this.untilGone(pod.metadata.name ?? "");
    await this.stop();
  }
}

export const isReady = (status: PodStatus): boolean =>
  status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ??
  false;
