import { isIPv6 } from "node:net";
import { AsyncScope } from "#base";
import type { Logger } from "#base/log";
import type { KubeObject } from "#kube";
import { type NodePort, nodePortKey, nodePortsOf } from "./node-ports.ts";
import { forwardTcp, type Targets } from "./tcp.ts";
import { forwardUdp } from "./udp.ts";

const HOSTS = ["127.0.0.1", "::1"];

interface Forward {
  readonly port: NodePort;
  readonly scope: AsyncScope;
  /** Undefined where the port is taken by another program. */
  readonly problem: string | undefined;
}

/** Keeps one forward a NodePort, on both localhosts, in step with the services there are. */
export class NodePortForwarder implements AsyncDisposable {
  readonly #targets: Targets;
  readonly #logger: Logger;
  readonly #services = new Map<string, readonly NodePort[]>();
  readonly #forwards = new Map<string, Forward>();
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(targets: Targets, logger: Logger) {
    this.#targets = targets;
    this.#logger = logger;
  }

  get problems(): string[] {
    return [...this.#forwards.values()].flatMap(({ problem }) => problem ?? []);
  }

  /** A service is there, or has changed. */
  set(service: KubeObject): void {
    this.#services.set(keyOf(service), nodePortsOf(service));
    this.#settle();
  }

  remove(service: KubeObject): void {
    this.#services.delete(keyOf(service));
    this.#settle();
  }

  /** Until what was told is so. */
  settled(): Promise<void> {
    return this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#services.clear();
    this.#settle();
    await this.#work;
  }

  #settle(): void {
    this.#work = this.#work.then(() => this.#reconcile());
  }

  async #reconcile(): Promise<void> {
    const wanted = new Map(
      [...this.#services.values()].flat().map((port) => [nodePortKey(port), port] as const),
    );
    for (const [key, forward] of this.#forwards) {
      const isWanted = wanted.has(key) && !this.#isClosed;
      // One whose port was taken is tried again with every change.
      if (isWanted && forward.problem === undefined) continue;
      this.#forwards.delete(key);
      await forward.scope[Symbol.asyncDispose]();
    }
    for (const [key, port] of wanted) {
      if (!this.#forwards.has(key)) this.#forwards.set(key, await this.#open(port));
    }
  }

  /** Nodes, by addresses at which the service has its port too. */
  #targetsOf({ families }: NodePort): string[] {
    return this.#targets().filter((address) =>
      families.includes(isIPv6(address) ? "IPv6" : "IPv4"),
    );
  }

  async #open(port: NodePort): Promise<Forward> {
    const scope = new AsyncScope();
    let problem: string | undefined;
    for (const host of HOSTS) {
      const open = port.protocol === "TCP" ? forwardTcp : forwardUdp;
      try {
        scope.use(await open(host, port.port, () => this.#targetsOf(port)));
      } catch (error) {
        const { code = "" } = error as NodeJS.ErrnoException;
        // A machine without IPv6 has only the other.
        if (host === "::1" && code !== "EADDRINUSE") continue;
        problem ??= `localhost:${port.port} (${port.protocol}), the NodePort of service ${port.service}, is in use by another program or lab.`;
        this.#logger.warn(problem, { error });
      }
    }
    return { port, scope, problem };
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
