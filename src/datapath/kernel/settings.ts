import type { PodSettings } from "#abi";
import { ConfigError } from "#base";
import type { CollectionSpec } from "#ebpf/spec";
import type { Aggregation, DatapathSettings } from "../datapath.ts";

const AGGREGATIONS: Readonly<Record<Aggregation, number>> = {
  none: 0,
  low: 1,
  medium: 2,
  maximum: 3,
};
const MS_PER_SECOND = 1000;
/** Programs compare differences of 32 bits with a sign. */
const MAX_JIFFIES = 2 ** 31 - 1;
const MAX_ENTRIES = 1 << 24;
const PAGE_BYTES = 4096;
const MAX_RING_BYTES = 1 << 30;

/** What programs are loaded with, of settings in units for people. */
export function podSettings(settings: DatapathSettings, hertz: number): PodSettings {
  const { worldIdentities, timeouts } = settings;
  const jiffies = (key: string, ms: number): number => {
    const count = Math.max(1, Math.round((ms * hertz) / MS_PER_SECOND));
    if (ms >= 0 && count <= MAX_JIFFIES) return count;
    const most = Math.floor((MAX_JIFFIES * MS_PER_SECOND) / hertz);
    throw new ConfigError(key, `${ms} ms is not between 0 and ${most}`);
  };
  return {
    world_ipv4_identity: worldIdentities.ipv4,
    world_ipv6_identity: worldIdentities.ipv6,
    is_open_without_policy: settings.isOpenWithoutPolicy,
    aggregation: AGGREGATIONS[settings.aggregation],
    trace_interval: jiffies("traceIntervalMs", settings.traceIntervalMs),
    tcp_timeout: jiffies("timeouts.tcpMs", timeouts.tcpMs),
    tcp_opening_timeout: jiffies("timeouts.tcpOpeningMs", timeouts.tcpOpeningMs),
    tcp_closing_timeout: jiffies("timeouts.tcpClosingMs", timeouts.tcpClosingMs),
    other_timeout: jiffies("timeouts.otherMs", timeouts.otherMs),
  };
}

/** Sets the sizes of those maps whose size is a choice. */
export function sizeMaps(spec: CollectionSpec, tables: DatapathSettings["tables"]): void {
  requireBetween("tables.tcpFlows", tables.tcpFlows, 1, MAX_ENTRIES);
  requireBetween("tables.otherFlows", tables.otherFlows, 1, MAX_ENTRIES);
  requireBetween("tables.policyEntries", tables.policyEntries, 1, MAX_ENTRIES);
  requireBetween("tables.ipcache", tables.ipcache, 1, MAX_ENTRIES);
  requireBetween("tables.eventRingBytes", tables.eventRingBytes, PAGE_BYTES, MAX_RING_BYTES);
  if (!Number.isInteger(Math.log2(tables.eventRingBytes)))
    throw new ConfigError("tables.eventRingBytes", `${tables.eventRingBytes} is no power of two`);
  spec
    .setMap("tcp_flows", { maxEntries: tables.tcpFlows })
    .setMap("other_flows", { maxEntries: tables.otherFlows })
    .setMap("policy_entries", { maxEntries: tables.policyEntries })
    .setMap("ipcache", { maxEntries: tables.ipcache })
    .setMap("blocks", { maxEntries: tables.ipcache })
    .setMap("flow_events", { maxEntries: tables.eventRingBytes });
}

function requireBetween(key: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(key, `${value} is no whole number from ${least} to ${most}`);
}
