import { randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { openNamespace, openNetlink } from "#netlink";
import { kernelHostNameOf } from "../core/host-files.ts";
import type { Pod } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import {
  cniAdd,
  type CniAttachment,
  cniCheck,
  cniDelete,
  type CniNode,
  type CniResult,
  NETWORK_NOT_READY,
  networkFailure,
  readCniConfig,
  teardownFailure,
} from "../host/cni.ts";
import { readJson, writeJson } from "../host/files.ts";
import {
  endHolder,
  isSandboxAlive,
  makePodNamespace,
  namespacePath,
  removePodNamespace,
  type Sandbox,
  startHolder,
} from "../host/sandbox.ts";
import type { PodFolders } from "./folders.ts";

/** There is no network to put pods in, yet. */
export class NetworkNotReadyError extends AppError {
  override readonly name: string = "NetworkNotReadyError";

  constructor() {
    super("network-not-ready", `network is not ready: ${NETWORK_NOT_READY}`);
  }
}

/** What is written down of a sandbox, also of one that is being made or was left half made. */
interface SandboxFile {
  readonly sandbox: Sandbox;
  readonly result?: CniResult;
  /** Taken away; kept for the number of the next attempt. */
  readonly isRemoved?: boolean;
}

const NOT_YET = { pid: 0, startedAt: "" };
const ID_BYTES = 32;

/** Makes a pod's sandbox with its network, finds it again, and takes it away. */
export class SandboxKeeper {
  readonly #context: KubeletContext;
  readonly #folders: PodFolders;
  #file: SandboxFile | undefined;

  constructor(context: KubeletContext, folders: PodFolders) {
    this.#context = context;
    this.#folders = folders;
    this.#file = readJson<SandboxFile>(folders.sandbox);
  }

  /** Undefined where there is none that works. */
  get sandbox(): Sandbox | undefined {
    const sandbox = this.#file?.sandbox;
    return sandbox !== undefined && isSandboxAlive(sandbox) ? sandbox : undefined;
  }

  get hadSandbox(): boolean {
    return this.#file !== undefined;
  }

  get cgroup(): string | undefined {
    const { cgroup } = this.#context;
    const uid = this.#folders.root.split("/").at(-1);
    return cgroup === undefined ? undefined : join(cgroup, `pod${uid}`);
  }

  async create(pod: Pod): Promise<Sandbox> {
    const attempt = this.#file === undefined ? 0 : this.#file.sandbox.attempt + 1;
    // Of one that died, or was left half made, the network is still there.
    if (this.#file !== undefined) await this.remove(pod);
    const isHost = pod.spec.hostNetwork === true;
    const config = isHost ? undefined : readCniConfig(this.#context.cni);
    if (!isHost && config === undefined) throw new NetworkNotReadyError();
    const id = randomBytes(ID_BYTES).toString("hex");
    const namespace = isHost
      ? undefined
      : `${this.#context.namespacePrefix ?? "cni-"}${randomUUID()}`;
    const draft: Sandbox = { id, process: NOT_YET, namespace, ips: [], attempt };
    this.#write({ sandbox: draft });
    try {
      return await this.#build(pod, draft, config);
    } catch (error) {
      await this.remove(pod).catch(() => {});
      throw error;
    }
  }

  async #build(
    pod: Pod,
    draft: Sandbox,
    config: ReturnType<typeof readCniConfig>,
  ): Promise<Sandbox> {
    const { id, namespace } = draft;
    const { cgroup } = this;
    if (cgroup !== undefined) mkdirSync(cgroup, { recursive: true });
    let result: CniResult = {};
    if (namespace !== undefined && config !== undefined) {
      makePodNamespace(namespace);
      raiseLoopback(namespacePath(namespace));
      try {
        result = await cniAdd(cniNode(this.#context), config, attachment(pod, draft, namespace));
      } catch (error) {
        throw new AppError("sandbox", networkFailure(id, error));
      }
    }
    const process = await startHolder({
      networkPath: namespace === undefined ? this.#context.networkPath : namespacePath(namespace),
      hostName: namespace === undefined ? this.#context.node : kernelHostNameOf(pod),
      isHostIpc: pod.spec.hostIPC === true,
      cgroup,
    });
    const ips = namespace === undefined ? this.#context.addresses : addressesOf(result);
    const sandbox: Sandbox = { ...draft, process, ips };
    this.#write({ sandbox, result });
    return sandbox;
  }

  /** Has the plugin look at what an earlier kubelet has left; what it finds is for the log. */
  async check(pod: Pod): Promise<void> {
    const file = this.#file;
    const config = readCniConfig(this.#context.cni);
    const namespace = this.sandbox?.namespace;
    if (file?.result === undefined || config === undefined || namespace === undefined) return;
    try {
      const { sandbox, result } = file;
      await cniCheck(cniNode(this.#context), config, attachment(pod, sandbox, namespace), result);
    } catch (error) {
      const { logger } = this.#context;
      logger.warn("a pod's network is not as it was made", { pod: pod.metadata.name, error });
    }
  }

  /** Idempotent: what is gone is not missed. */
  async remove(pod: Pod): Promise<void> {
    const file = this.#file;
    if (file === undefined || file.isRemoved === true) return;
    const { sandbox, result } = file;
    const { namespace } = sandbox;
    const config = readCniConfig(this.#context.cni);
    if (namespace !== undefined && config !== undefined) {
      const attached = attachment(pod, sandbox, namespace);
      try {
        await cniDelete(cniNode(this.#context), config, attached, result);
      } catch (error) {
        throw new AppError("teardown", teardownFailure(pod, sandbox.id, error));
      }
    }
    endHolder(sandbox);
    if (namespace !== undefined) removePodNamespace(namespace);
    this.#write({ sandbox: { ...sandbox, process: NOT_YET }, isRemoved: true });
  }

  /** For good: nothing of it is left but what others have open. */
  async dispose(pod: Pod): Promise<void> {
    await this.remove(pod);
    rmSync(this.#folders.sandbox, { force: true });
    this.#file = undefined;
    const { cgroup } = this;
    if (cgroup !== undefined && existsSync(cgroup)) await removeCgroup(cgroup, this.#context);
  }

  #write(file: SandboxFile): void {
    this.#file = file;
    writeJson(this.#folders.sandbox, file);
  }
}

function cniNode({ cni, networkPath }: KubeletContext): CniNode {
  return { ...cni, networkPath };
}

function attachment(pod: Pod, { id }: Sandbox, namespace: string): CniAttachment {
  return { containerId: id, namespace: namespacePath(namespace), pod };
}

function addressesOf(result: CniResult): string[] {
  const ips = (result.ips ?? []).flatMap(({ address }) => address?.split("/", 1) ?? []);
  if (ips.length === 0) throw new AppError("sandbox", "the CNI plugin gave the pod no address");
  return ips;
}

function raiseLoopback(path: string): void {
  using namespace = openNamespace(path);
  using netlink = openNetlink({ namespace });
  netlink.links.set("lo", { isUp: true });
}

const CGROUP_ATTEMPTS = 20;
const CGROUP_WAIT_MS = 50;

/** A cgroup goes when its last process has, and that takes the kernel a moment. */
async function removeCgroup(cgroup: string, { clock }: KubeletContext): Promise<void> {
  try {
    writeFileSync(join(cgroup, "cgroup.kill"), "1");
  } catch {
    // Linux before 5.14 has none; the processes have been killed one by one.
  }
  for (let attempt = 0; attempt < CGROUP_ATTEMPTS; attempt++) {
    try {
      rmdirSync(cgroup);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    }
    await clock.sleep(CGROUP_WAIT_MS);
  }
}
