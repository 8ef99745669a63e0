import { type AppError, FakeClock, IpAddress, MacAddress } from "#base";
import {
  blockTable,
  type Datapath,
  type DatapathMapName,
  type DatapathMaps,
  datapathMapShape,
  type EndpointRow,
  endpointTable,
  ipcacheTable,
  makeDatapathMaps,
  NodeDatapath,
} from "#datapath";
import { FakeMap } from "#ebpf/fake";
import { Labels, Selector } from "#identity";
import {
  defaultPolicyOptions,
  type ImportedPolicy,
  type PeerIdentity,
  PolicyEngine,
  type PolicyRule,
  type Subject,
} from "#policy";
import { StateDb } from "#statedb";
import { testProxyPort } from "./map-judge.ts";
import { type MapOperation, watchMaps } from "./watched-maps.ts";

/** A node whose process can be ended and begun again over the same maps. */
export class NodeRig {
  readonly clock = new FakeClock();
  readonly maps: DatapathMaps;
  readonly operations: MapOperation[] = [];
  readonly failures: string[] = [];
  before: (operation: MapOperation) => void = () => {};
  after: (operation: MapOperation) => void = () => {};
  db!: StateDb;
  node!: NodeDatapath;
  readonly #watched: DatapathMaps;

  constructor(policyEntries = 4096) {
    this.maps = smallMaps(policyEntries);
    this.#watched = watchMaps(this.maps, {
      before: (operation) => this.before(operation),
      after: (operation) => {
        this.operations.push(operation);
        this.after(operation);
      },
    });
    this.boot();
  }

  boot(): void {
    this.db = new StateDb([endpointTable, ipcacheTable, blockTable], { freeze: true });
    const datapath: Datapath = {
      maps: this.#watched,
      attach() {},
      detach() {},
      attached: () => [],
      readEvents: () => 0,
      collectFlows: async () => ({ kept: 0, removed: 0 }),
      [Symbol.dispose]() {},
    };
    this.node = new NodeDatapath({
      datapath,
      db: this.db,
      clock: this.clock,
      proxyPort: testProxyPort,
      onPolicyFailure: (_subject, error: AppError) => this.failures.push(error.message),
    });
    this.node.start();
  }

  async restart(): Promise<void> {
    await this.stop();
    this.boot();
  }

  /** Lets the reconcilers follow; what is retired stays. */
  async follow(): Promise<void> {
    await this.clock.advance(1);
  }

  /** Until nothing is left to do. */
  async settle(): Promise<void> {
    await this.clock.advance(200);
  }

  async putRows(...rows: EndpointRow[]): Promise<void> {
    this.db.write((txn) => {
      for (const row of rows) txn.insert(endpointTable, row);
    });
    await this.follow();
  }

  async stop(): Promise<void> {
    await this.node[Symbol.asyncDispose]();
  }
}

/** Arrays are small here, as they are looked through after each of many changes. */
function smallMaps(policyEntries: number): DatapathMaps {
  const maxEntries: Partial<Record<DatapathMapName, number>> = {
    nodeStates: 1,
    endpoints: 16,
    localAddresses: 32,
    policyEntries,
    flowCounts: 2,
    metrics: 512,
    lostEvents: 1,
  };
  return makeDatapathMaps((name) => new FakeMap(datapathMapShape(name, maxEntries[name] ?? 64)));
}

export function endpointRow(
  slot: number,
  subject: string,
  more: Partial<EndpointRow> = {},
): EndpointRow {
  return {
    id: slot,
    name: `default/pod-${slot}`,
    slot,
    ipv4: IpAddress.parse(`10.0.0.${slot}`),
    ipv6: IpAddress.parse(`fd00::${slot}`),
    mac: MacAddress.parse(`02:00:00:00:00:${slot.toString(16).padStart(2, "0")}`),
    hostMac: MacAddress.parse("02:ff:00:00:00:01"),
    identity: 1000 + slot,
    subject,
    ...more,
  };
}

export function app(id: number, name: string): PeerIdentity {
  return { id, labels: Labels.parse(`k8s:app=${name}`) };
}

function subjectOf(key: string): Subject {
  return { key, kind: "pod", labels: Labels.parse(`k8s:me=${key}`), namedPorts: new Map() };
}

/** What one policy says of the egress of all pods; `app`: peers with that label. */
export function policy(
  name: string,
  rules: readonly (Partial<PolicyRule> & { app?: string })[],
): ImportedPolicy {
  const ref = { kind: "CiliumNetworkPolicy" as const, namespace: "default", name };
  return {
    ref,
    findings: [],
    specs: [
      {
        ref: { policy: ref, path: "spec" },
        subject: { kind: "pod", selector: Selector.all },
        rules: rules.map(({ app: label, ...rest }, at) => ({
          ref: { policy: ref, path: `rules[${at}]` },
          direction: "egress",
          effect: "allow",
          ports: "any",
          peers:
            label === undefined
              ? "any"
              : [{ kind: "labels", selector: Selector.fromKube({ matchLabels: { app: label } }) }],
          ...rest,
        })),
        defaultDeny: { ingress: false, egress: true },
        isAudit: false,
      },
    ],
  };
}

export function engineOf(...subjects: string[]): PolicyEngine {
  const engine = new PolicyEngine(defaultPolicyOptions);
  for (const key of subjects) engine.upsertSubject(subjectOf(key));
  return engine;
}
