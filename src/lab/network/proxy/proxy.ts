import { type Cidr, AsyncScope, systemClock } from "#base";
import type { Logger } from "#base/log";
import { type KubeClient, RESOURCES } from "#kube";
import type { NamespaceRef } from "#netlink";
import { applyRuleset } from "../nft.ts";
import { type EndpointSliceObject, type ServiceObject, watchObjects } from "../objects.ts";
import { buildRuleset, PROXY_TABLE, renderRuleset, type Ruleset } from "./ruleset.ts";
import { forgetStaleFlows } from "./stale-flows.ts";
import { type ServicePort, servicePorts } from "./service-ports.ts";

/** Changes that come together are made together. */
const SETTLE_MS = 20;
/** After a failure: nft may be missing, or the machine short of memory. */
const RETRY_MS = 2_000;

export interface ProxyOptions {
  readonly client: KubeClient;
  /** The node's name. */
  readonly node: string;
  /** The node's: where the rules go. Borrowed, to be open as long as the proxy is. */
  readonly namespace: NamespaceRef;
  /** Of the whole cluster: whoever is outside reaches services under the node's address. */
  readonly podCidrs: readonly Cidr[];
  readonly logger: Logger;
}

/** A node's stand-in for kube-proxy. Its rules stay when it ends; `clear` takes them away. */
export interface Proxy extends AsyncDisposable {
  /** Resolves once the services that there were at the start are in the kernel. */
  ready(): Promise<void>;
  clear(): Promise<void>;
}

export function startProxy(options: ProxyOptions): Proxy {
  const { client, logger } = options;
  const scope = new AsyncScope();
  const sync = new Synchronizer(options, () => ({
    services: services.list(),
    slices: slices.list(),
  }));
  const watch = { client, logger, onChange: () => sync.request() };
  const services = scope.use(watchObjects<ServiceObject>(RESOURCES.Service, watch));
  const slices = scope.use(watchObjects<EndpointSliceObject>(RESOURCES.EndpointSlice, watch));
  const begun = Promise.all([services.synced(), slices.synced()]).then(() => sync.start());
  begun.catch(() => {});
  return {
    ready: () => begun,
    clear: () => sync.clear(),
    async [Symbol.asyncDispose]() {
      await scope[Symbol.asyncDispose]();
      await sync.stop();
    },
  };
}

type Snapshot = () => { services: ServiceObject[]; slices: EndpointSliceObject[] };

/** Brings the kernel in step, one transaction at a time. */
class Synchronizer {
  readonly #options: ProxyOptions;
  readonly #snapshot: Snapshot;
  #applied: Ruleset | undefined;
  #text = "";
  #isStarted = false;
  #isWanted = false;
  #timer: Disposable | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ProxyOptions, snapshot: Snapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
  }

  /** The first time; before it, what is asked for waits. */
  async start(): Promise<void> {
    this.#isStarted = true;
    await this.#run();
  }

  request(delayMs: number = SETTLE_MS): void {
    if (!this.#isStarted || this.#isWanted) return;
    this.#isWanted = true;
    this.#timer = systemClock.setTimer(delayMs, () => {
      this.#isWanted = false;
      void this.#run();
    });
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  async clear(): Promise<void> {
    await this.stop();
    const { namespace } = this.#options;
    await applyRuleset(
      namespace,
      `add table inet ${PROXY_TABLE}\ndelete table inet ${PROXY_TABLE}\n`,
    );
  }

  #run(): Promise<void> {
    this.#running = this.#running.then(() => this.#apply());
    return this.#running;
  }

  async #apply(): Promise<void> {
    const { node, podCidrs, namespace, logger } = this.#options;
    const ports = servicePorts({ ...this.#snapshot(), node });
    const ruleset = buildRuleset({ ports, podCidrs });
    const whole = renderRuleset(ruleset, undefined);
    if (whole === this.#text) return;
    try {
      const change = this.#applied === undefined ? whole : renderRuleset(ruleset, this.#applied);
      await applyRuleset(namespace, change);
      this.#forgetStale(ports);
      this.#applied = ruleset;
      this.#text = whole;
    } catch (error) {
      logger.error("services are not up to date on this node", { error });
      // What is in the kernel now is not known for sure: next time, all of it.
      this.#applied = undefined;
      this.#text = "";
      this.request(RETRY_MS);
    }
  }
  /** Rules that are in place are good without it: only old flows of datagrams suffer. */
  #forgetStale(ports: readonly ServicePort[]): void {
    const { namespace, logger } = this.#options;
    try {
      forgetStaleFlows(namespace, ports);
    } catch (error) {
      logger.warn("datagrams may still go to endpoints that are gone", { error });
    }
  }
}
