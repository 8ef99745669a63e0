/** What a node's tables say, of what its pods are and of what the cluster's objects want. */
import { assertDefined, Cidr } from "#base";
import type { EndpointRow, PrefixRow } from "#datapath";
import { RESERVED } from "#identity";
import { type KnownObject, parseObject } from "#kube/types";
import type { DesiredChange } from "./desired.ts";
import { ROUTER } from "./router.ts";
import type { Place, PodOptions, WorldPod } from "./world.ts";

/** What of a pod the tables hold. */
type RowPod = Omit<WorldPod, "namespace">;
type RowPlace = Omit<Place, "namespace">;

interface NodeRows {
  readonly endpoints: EndpointRow[];
  readonly ipcache: PrefixRow[];
  readonly blocks: readonly PrefixRow[];
}

export function nodeRows(
  { pods, ipcache, blocks }: DesiredChange,
  local: readonly RowPod[],
  remotes: readonly RowPlace[] = [],
): NodeRows {
  const endpoints = local.map(({ name, slot, ipv4, ipv6, mac, hostMac }): EndpointRow => {
    const who = assertDefined(pods.get(name), `the model's ${name}`);
    return { id: slot, name, slot, ipv4, ipv6, mac, hostMac, ...who };
  });
  const own = [ROUTER.ipv4, ROUTER.ipv6].map((address) => ({
    prefix: Cidr.of(address),
    identity: RESERVED.host,
  }));
  const beyond = remotes.flatMap(({ name, ipv4, ipv6 }) =>
    [ipv4, ipv6].map((address) => ({
      prefix: Cidr.of(address),
      identity: assertDefined(pods.get(name), `the model's ${name}`).identity,
    })),
  );
  return { endpoints, ipcache: [...ipcache, ...own, ...beyond], blocks };
}

export function podObject(pod: RowPlace, { labels = {}, ports = [] }: PodOptions): KnownObject {
  const [namespace = "", name = ""] = pod.name.split("/");
  const { object, findings } = parseObject({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace, name, labels },
    spec: { nodeName: "node", containers: [{ name: "main", image: "main", ports }] },
    status: { podIP: pod.ipv4.key, podIPs: [{ ip: pod.ipv4.key }, { ip: pod.ipv6.key }] },
  });
  return assertDefined(object, `a pod: ${JSON.stringify(findings)}`);
}
