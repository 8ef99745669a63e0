/** What a lab is to be, as its file `cluster.json` says it; the supervisor brings it about. */

export const SETTINGS_FORMAT = 1;
export const CNIS = ["bridge", "none"] as const;
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export const MAX_DELAY_MS = 10_000;
export const MAX_DNS_REPLICAS = 10;
export const MAX_HOSTS = 200;
/** Indexes of labs, which their addresses are made of, and of nodes go from 1 to these. */
export const MAX_INDEX = 50;
export const MAX_NODES = 100;

export type CniKind = (typeof CNIS)[number];

/** What goes wrong on a node's cable. */
export interface NodeTrouble {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly isPartitioned: boolean;
}

export interface NodeSettings {
  readonly name: string;
  readonly index: number;
  readonly isStopped: boolean;
  readonly trouble: NodeTrouble;
}

/** What `--set key=value` can say. */
export interface LabValues {
  /** Services by the lab's kube-proxy; off where something else does them. */
  readonly kubeProxy: boolean;
  readonly internet: boolean;
  readonly dnsReplicas: number;
  readonly logLevel: string;
}

export interface LabSettings {
  readonly name: string;
  readonly index: number;
  readonly isIpv6: boolean;
  readonly cni: CniKind;
  readonly values: LabValues;
  readonly nodes: readonly NodeSettings[];
  /** Names that the little internet answers for, beside its own. */
  readonly internetHosts: readonly string[];
  /** Where the context was written, and which was the current one before. */
  readonly kubeconfig?: { readonly path: string; readonly previousContext?: string };
}

export const NO_TROUBLE: NodeTrouble = {
  delayMs: 0,
  jitterMs: 0,
  lossPercent: 0,
  isPartitioned: false,
};
