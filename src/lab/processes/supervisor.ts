import { AsyncScope } from "#base";
import { Informer, type KubeClient, RESOURCES } from "#kube";
import { createUnderlay, type Internet, startInternet } from "#lab/network";
import { NodePortForwarder } from "../forward/forwarder.ts";
import { addressesOfNode, apiServerAddresses } from "../state/addresses.ts";
import { ensureClusterPki, InternetAuthority } from "../state/cluster-pki.ts";
import { makeFolder } from "../state/files.ts";
import { tryLock } from "../state/lock.ts";
import { needSettings } from "../state/settings.ts";
import { serveControl, type SupervisorStatus } from "../supervisor/control.ts";
import { cutLogs } from "../supervisor/log-file.ts";
import { ManagedProcess } from "../supervisor/managed-process.ts";
import { identify, removePidFile, writePidFile } from "../supervisor/process-identity.ts";
import { CONTROL_PLANE, startHidden } from "../supervisor/program.ts";
import { nameBridge } from "./clean.ts";
import { Nodes } from "./nodes.ts";
import {
  aborted,
  apiServerAnswers,
  clientOf,
  type LabContext,
  openLab,
  type ProcessOptions,
} from "./shared.ts";

/** So often logs are looked at, and after a failure everything is tried again. */
const TURN_MS = 2_000;

/**
 * Brings about what the lab's settings say, and keeps it so: the network, the control plane, the
 * nodes, the little internet, NodePorts on localhost. A second one for the same lab ends at once.
 */
export async function runSupervisor({ name, signal, clock }: ProcessOptions): Promise<void> {
  await using scope = new AsyncScope();
  const lab = openLab(name, "supervisor");
  const { places, logger } = lab;
  const lock = await tryLock(`supervisor/${name}`);
  if (lock === undefined) {
    logger.warn("another supervisor runs for this lab: this one ends");
    return;
  }
  scope.use(lock);
  makeFolder(places.logFolder);
  const self = identify(process.pid);
  if (self !== undefined) writePidFile(places.pidFile("supervisor"), self);
  scope.defer(() => removePidFile(places.pidFile("supervisor")));
  const supervised = new Supervised(lab, clock);
  scope.use(supervised);
  const control = await serveControl(places.controlSocket, {
    status: async () => supervised.status,
    reconcile: () => supervised.reconcile(),
  });
  scope.use(control);
  logger.info("the supervisor runs");
  while (!signal.aborted) {
    cutLogs(places.logFolder);
    if (supervised.isBehind) await supervised.reconcile();
    // An abort only cuts the pause short.
    await clock.sleep(TURN_MS, signal).catch(() => {});
  }
  logger.info("the supervisor stops");
}

class Supervised implements AsyncDisposable {
  readonly #lab: LabContext;
  readonly #clock: ProcessOptions["clock"];
  readonly #scope = new AsyncScope();
  readonly #nodes: Nodes;
  #controlPlane: ManagedProcess | undefined;
  #forwarder: NodePortForwarder | undefined;
  #authority: InternetAuthority | undefined;
  #internet: Internet | undefined;
  #problems: readonly string[] = ["nothing was begun yet"];
  #work: Promise<void> = Promise.resolve();

  constructor(lab: LabContext, clock: ProcessOptions["clock"]) {
    const { places, network, logger } = lab;
    this.#lab = lab;
    this.#clock = clock;
    this.#nodes = new Nodes({ places, network, clock, logger });
  }

  get isBehind(): boolean {
    return this.#problems.length > 0;
  }

  get status(): SupervisorStatus {
    const controlPlane = this.#controlPlane === undefined ? [] : [this.#controlPlane.status];
    return {
      processes: [...controlPlane, ...this.#nodes.status],
      problems: [...this.#problems, ...(this.#forwarder?.problems ?? [])],
    };
  }

  /** One after the other, each by the settings as they are when it begins. */
  async reconcile(): Promise<SupervisorStatus> {
    const turn = this.#work.then(() => this.#reconcile());
    this.#work = turn.catch(() => {});
    await turn;
    return this.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work;
    await this.#nodes[Symbol.asyncDispose]();
    await this.#scope[Symbol.asyncDispose]();
  }

  async #reconcile(): Promise<void> {
    const { places, network, logger } = this.#lab;
    const settings = needSettings(places);
    const problems: string[] = [];
    const attempt = async (what: string, action: () => Promise<void> | void): Promise<void> => {
      try {
        await action();
      } catch (error) {
        logger.error(`${what} failed`, { error });
        problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await attempt("making the underlay", () => {
      createUnderlay(network);
      nameBridge(network);
    });
    await attempt("starting the control plane", () => this.#startControlPlane());
    if (settings.values.internet) {
      // Before the nodes, whose pods are to trust it.
      await attempt("making the little internet's authority", () => {
        this.#ensureAuthority();
      });
    }
    await attempt("starting the nodes", async () => {
      problems.push(...(await this.#nodes.reconcile(settings.nodes)));
    });
    if (settings.values.internet) {
      await attempt("starting the little internet", () =>
        this.#setInternet(settings.internetHosts),
      );
    }
    await attempt("forwarding NodePorts", () => this.#startForwarder());
    this.#problems = problems;
  }

  #startControlPlane(): void {
    const { places, logger } = this.#lab;
    this.#controlPlane ??= this.#scope.use(
      new ManagedProcess({
        name: CONTROL_PLANE.name,
        pidFile: places.pidFile(CONTROL_PLANE.name),
        start: () => startHidden(places, CONTROL_PLANE),
        clock: this.#clock,
        logger,
      }),
    );
  }

  #ensureAuthority(): InternetAuthority {
    if (this.#authority === undefined) {
      const { pkiFolder, trustFile } = this.#lab.places;
      const authority = new InternetAuthority(pkiFolder, this.#clock);
      authority.writeTrust(trustFile);
      this.#authority = authority;
    }
    return this.#authority;
  }

  async #setInternet(hosts: readonly string[]): Promise<void> {
    const { network, logger } = this.#lab;
    if (this.#internet === undefined) {
      const authority = this.#ensureAuthority();
      const options = {
        lab: network,
        names: hosts,
        issue: (name: string) => authority.issue(name),
        logger: logger.child("internet"),
      };
      this.#internet = this.#scope.use(await startInternet(options));
    }
    for (const host of hosts) this.#internet.add(host);
  }

  #startForwarder(): void {
    if (this.#forwarder !== undefined) return;
    const { network, places, logger } = this.#lab;
    const pki = ensureClusterPki(places.pkiFolder, apiServerAddresses(network), this.#clock);
    const client = clientOf(network, pki.authority.certificate, pki.admin, this.#scope);
    const forwarder = new NodePortForwarder(() => this.#runningNodes(), logger.child("forward"));
    this.#forwarder = this.#scope.use(forwarder);
    const ended = new AbortController();
    const following = this.#followServices(client, forwarder, ended.signal);
    this.#scope.defer(() => {
      ended.abort();
      return following;
    });
  }

  async #followServices(
    client: KubeClient,
    forwarder: NodePortForwarder,
    signal: AbortSignal,
  ): Promise<void> {
    await apiServerAnswers(client, { signal, clock: this.#clock });
    if (signal.aborted) return;
    await using _informer = new Informer({
      client,
      resource: RESOURCES.Service,
      logger: this.#lab.logger.child("services"),
      handlers: {
        onAdd: (service) => forwarder.set(service),
        onUpdate: (service) => forwarder.set(service),
        onDelete: (service) => forwarder.remove(service),
      },
    });
    await aborted(signal);
  }

  #runningNodes(): string[] {
    const { nodes } = needSettings(this.#lab.places);
    const running = nodes.filter(({ isStopped, trouble }) => !isStopped && !trouble.isPartitioned);
    return running.flatMap(({ index }) => addressesOfNode(this.#lab.network, index));
  }
}
