/** How a kubelet calls a CNI plugin: what our own agent's plugin has to live with. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { KubeError, type KubeObject, RESOURCES } from "#kube";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";

const OWN = process.pid.toString(36);
const NAMESPACE = `contract-cni-${OWN}`;
const PLUGIN = `contract-${OWN}`;
const RECORDED = `${PLUGIN}.calls`;
const FAIL = `${PLUGIN}.fail`;
const CONFLIST = `00-${PLUGIN}.conflist`;
const PATIENCE_MS = 60_000;
const TIMEOUT_MS = 120_000;

interface Call {
  readonly environment: Readonly<Record<string, string>>;
  readonly input: {
    readonly cniVersion: string;
    readonly name: string;
    readonly type: string;
    readonly prevResult?: { readonly ips?: readonly { readonly address: string }[] };
    readonly runtimeConfig?: { readonly portMappings?: readonly object[] };
  };
}

/**
 * The last plugin of the chain: writes down each call beside itself, and passes on what came
 * before it; fails where a file says so.
 */
const pluginSource = (folder: string): string => `#!${process.execPath}
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith("CNI_")),
);
const command = environment.CNI_COMMAND;
if (command === "VERSION") {
  console.log('{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}');
} else {
  const input = JSON.parse(readFileSync(0, "utf8"));
  const name = String(process.hrtime.bigint()).padStart(20, "0");
  writeFileSync("${folder}/${RECORDED}/" + name, JSON.stringify({ environment, input }));
  if (command === "ADD" && existsSync("${folder}/${FAIL}")) {
    console.log('{"cniVersion":"1.0.0","code":100,"msg":"no address to be had","details":"ask again"}');
    process.exit(1);
  }
  if (command === "ADD") console.log(JSON.stringify(input.prevResult));
}
`;

interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
}

interface NodeStatus {
  readonly conditions?: readonly { type: string; status: string; message: string }[];
}

/** A node whose plugin can be watched and made to fail. */
class WatchedNode {
  readonly name: string;
  readonly #cluster: Cluster;
  readonly #configFolder: string;
  readonly #folder: string;
  #plugins: string = "";

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.name = cluster.nodes[0] ?? "";
    this.#configFolder = cluster.cniConfigFolder(this.name);
    this.#folder = cluster.cniProgramFolder(this.name);
  }

  install(): void {
    const file = readdirSync(this.#configFolder).toSorted()[0] ?? "";
    const list = JSON.parse(readFileSync(join(this.#configFolder, file), "utf8"));
    list.plugins.push({ type: PLUGIN, capabilities: { portMappings: true }, note: "kept" });
    this.#plugins = JSON.stringify({ ...list, name: "contract" });
    mkdirSync(join(this.#folder, RECORDED));
    const program = join(this.#folder, PLUGIN);
    // The node has this folder elsewhere; the plugin is told where.
    writeFileSync(program, pluginSource(this.#folder));
    chmodSync(program, 0o755);
    this.configure();
  }

  configure(): void {
    writeFileSync(join(this.#configFolder, CONFLIST), this.#plugins);
  }

  /** Takes all configuration away; what it answers puts it back. */
  takeNetwork(): () => void {
    const kept = readdirSync(this.#configFolder).map((name) => {
      const path = join(this.#configFolder, name);
      const text = readFileSync(path);
      rmSync(path);
      return { path, text };
    });
    return () => {
      for (const { path, text } of kept) writeFileSync(path, text);
    };
  }

  uninstall(): void {
    rmSync(join(this.#configFolder, CONFLIST), { force: true });
    for (const name of [PLUGIN, RECORDED, FAIL]) {
      rmSync(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  setFailing(isFailing: boolean): void {
    const file = join(this.#folder, FAIL);
    if (isFailing) writeFileSync(file, "");
    else rmSync(file);
  }

  /** Of one pod, in order. */
  calls(pod: string): Call[] {
    const folder = join(this.#folder, RECORDED);
    return readdirSync(folder)
      .toSorted()
      .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Call)
      .filter(({ environment }) => environment["CNI_ARGS"]?.includes(`K8S_POD_NAME=${pod}`));
  }

  async runPod(name: string, ports: readonly object[] = []): Promise<void> {
    await this.#cluster.client.create(RESOURCES.Pod, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace: NAMESPACE, name },
      spec: {
        nodeName: this.name,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "main", image: "busybox", command: ["sleep", "1000"], ports }],
      },
    });
  }

  async running(name: string): Promise<PodStatus> {
    return eventually(`pod ${name} runs`, PATIENCE_MS, async () => {
      const pod: KubeObject & { status?: PodStatus } = await this.#cluster.client.get(
        RESOURCES.Pod,
        { namespace: NAMESPACE, name },
      );
      return pod.status?.phase === "Running" ? pod.status : undefined;
    });
  }

  async removePod(name: string): Promise<void> {
    const { client } = this.#cluster;
    await client.delete(RESOURCES.Pod, { namespace: NAMESPACE, name });
    await eventually(`pod ${name} is gone`, PATIENCE_MS, async () => {
      try {
        await client.get(RESOURCES.Pod, { namespace: NAMESPACE, name });
        return undefined;
      } catch (error) {
        if (error instanceof KubeError && error.reason === "NotFound") return true;
        throw error;
      }
    });
  }

  async event(pod: string, reason: string): Promise<string> {
    return eventually(`an event ${reason}`, PATIENCE_MS, async () => {
      const fieldSelector = `involvedObject.name=${pod},reason=${reason}`;
      const { items } = await this.#cluster.client.list<KubeObject & { message: string }>(
        RESOURCES.CoreEvent,
        { namespace: NAMESPACE, fieldSelector },
      );
      return items[0]?.message;
    });
  }

  async ready(status: string): Promise<string> {
    return eventually(`${this.name} is Ready ${status}`, PATIENCE_MS, async () => {
      const node: KubeObject & { status?: NodeStatus } = await this.#cluster.client.get(
        RESOURCES.Node,
        { name: this.name },
      );
      const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
      return ready?.status === status ? ready.message : undefined;
    });
  }
}

function commandsOf(calls: readonly Call[]): string[] {
  return calls.map(({ environment }) => environment["CNI_COMMAND"] ?? "");
}

async function watchNode(cluster: Cluster): Promise<WatchedNode> {
  const { client } = cluster;
  const metadata = { name: NAMESPACE };
  await client.create(RESOURCES.Namespace, { apiVersion: "v1", kind: "Namespace", metadata });
  const account = { namespace: NAMESPACE, name: "default" };
  await eventually("the namespace has its account", PATIENCE_MS, () =>
    client.get(RESOURCES.ServiceAccount, account).catch(() => undefined),
  );
  const node = new WatchedNode(cluster);
  node.install();
  return node;
}

export function defineCniContract(cluster: () => Cluster): void {
  describe("CNI", () => {
    let made: Promise<WatchedNode> | undefined;
    // Not before it is needed: a run that asks for other tests leaves the node alone.
    const watched = (): Promise<WatchedNode> => (made ??= watchNode(cluster()));
    after(async () => {
      if (made === undefined) return;
      (await made).uninstall();
      await cluster().client.delete(RESOURCES.Namespace, { name: NAMESPACE });
    });

    test("ADD and DEL of a pod say what they are about", async () => {
      const node = await watched();
      await node.runPod("plain", [{ containerPort: 8080, hostPort: 18080, protocol: "TCP" }]);
      const { podIP } = await node.running("plain");
      await node.removePod("plain");
      const [add] = node.calls("plain");
      assert.ok(add);
      const { environment, input } = add;
      // A kubelet may make another sandbox for a pod that goes, so the first DEL may not be ours.
      const removed = await eventually("DEL", PATIENCE_MS, async () =>
        node
          .calls("plain")
          .find(
            ({ environment: its }) =>
              its["CNI_COMMAND"] === "DEL" &&
              its["CNI_CONTAINERID"] === environment["CNI_CONTAINERID"],
          ),
      );
      assert.equal(environment["CNI_COMMAND"], "ADD");
      assert.match(environment["CNI_CONTAINERID"] ?? "", /^[0-9a-f]{64}$/);
      assert.match(environment["CNI_NETNS"] ?? "", /^\/var\/run\/netns\/cni-[0-9a-f-]{36}$/);
      assert.equal(environment["CNI_IFNAME"], "eth0");
      assert.equal(environment["CNI_PATH"], "/opt/cni/bin");
      const words = new Set((environment["CNI_ARGS"] ?? "").split(";"));
      for (const word of ["IgnoreUnknown=1", `K8S_POD_NAMESPACE=${NAMESPACE}`]) {
        assert.ok(words.has(word), `${word} is in ${environment["CNI_ARGS"]}`);
      }
      assert.match(environment["CNI_ARGS"] ?? "", /K8S_POD_INFRA_CONTAINER_ID=[0-9a-f]{64}/);
      assert.match(environment["CNI_ARGS"] ?? "", /K8S_POD_UID=[0-9a-f-]{36}/);
      assert.equal(input.type, PLUGIN);
      assert.equal(input.name, "contract");
      assert.equal((input as { note?: string }).note, "kept");
      assert.equal(input.prevResult?.ips?.[0]?.address.split("/")[0], podIP);
      // With capital letters: plugins written in Go do not mind, and others must know it.
      assert.deepEqual(input.runtimeConfig?.portMappings, [
        { HostPort: 18_080, ContainerPort: 8080, Protocol: "tcp", HostIP: "" },
      ]);
      for (const name of ["CNI_NETNS", "CNI_IFNAME"]) {
        assert.equal(removed.environment[name], environment[name]);
      }
      // In no fixed order.
      assert.deepEqual(new Set(removed.environment["CNI_ARGS"]?.split(";")), words);
      assert.deepEqual(removed.input.prevResult, input.prevResult);
    });

    test("a failed ADD is told, cleaned up after, and tried again", async () => {
      const node = await watched();
      node.setFailing(true);
      await node.runPod("unlucky");
      const message = await node.event("unlucky", "FailedCreatePodSandBox");
      node.setFailing(false);
      await node.running("unlucky");
      const calls = node.calls("unlucky");
      assert.match(message, /no address to be had; ask again/);
      assert.deepEqual(commandsOf(calls).slice(0, 2), ["ADD", "DEL"]);
      assert.equal(commandsOf(calls).at(-1), "ADD");
      const containers = calls.map(({ environment }) => environment["CNI_CONTAINERID"]);
      assert.equal(containers[0], containers[1]);
      assert.notEqual(containers[0], containers.at(-1));
      await node.removePod("unlucky");
    });

    test("a node without a network is not ready, and says so", {
      timeout: TIMEOUT_MS,
    }, async () => {
      const node = await watched();
      const putBack = node.takeNetwork();
      try {
        assert.equal(
          await node.ready("False"),
          "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
        );
        await node.runPod("early");
        const message = await node.event("early", "NetworkNotReady");
        assert.match(message, /^network is not ready: container runtime network not ready: /);
      } finally {
        putBack();
      }
      assert.equal(await node.ready("True"), "kubelet is posting ready status");
      await node.running("early");
      await node.removePod("early");
    });
  });
}
