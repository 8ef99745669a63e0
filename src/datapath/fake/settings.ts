import type { Aggregation, DatapathSettings } from "#datapath";
import type { ModelSettings } from "#datapath/model";

/** Jiffies in a second of the fake's kernel. */
export const FAKE_HERTZ = 250;

const AGGREGATIONS: Readonly<Record<Aggregation, number>> = {
  none: 0,
  low: 1,
  medium: 2,
  maximum: 3,
};

/** Of settings in units for people, what programs are loaded with. */
export function modelSettings(settings: DatapathSettings): ModelSettings {
  const { worldIdentities, timeouts } = settings;
  return {
    world_ipv4_identity: worldIdentities.ipv4,
    world_ipv6_identity: worldIdentities.ipv6,
    is_open_without_policy: settings.isOpenWithoutPolicy,
    aggregation: AGGREGATIONS[settings.aggregation],
    trace_interval: jiffies(settings.traceIntervalMs),
    tcp_timeout: jiffies(timeouts.tcpMs),
    tcp_opening_timeout: jiffies(timeouts.tcpOpeningMs),
    tcp_closing_timeout: jiffies(timeouts.tcpClosingMs),
    other_timeout: jiffies(timeouts.otherMs),
  };
}

function jiffies(ms: number): number {
  return Math.max(1, Math.round((ms * FAKE_HERTZ) / 1000));
}
