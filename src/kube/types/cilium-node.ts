/**
 * CiliumNode. Of clouds' own network cards nothing is kept: Ciliate gets addresses from pod CIDRs
 * and pools.
 */
import { cidrText } from "./cilium-peers.ts";
import { objectMeta } from "./meta.ts";
import { constant, dictionary, fields, integer, list, maybe, text, type Typed } from "./schema.ts";

const count = integer({ minimum: 0 });

const usage = dictionary(fields({ owner: maybe(text()), resource: maybe(text()) }));

const poolName = text({ minLength: 1 });

const pools = fields({
  allocated: maybe(list(fields({ cidrs: maybe(list(cidrText)), pool: poolName }))),
  requested: maybe(
    list(
      fields({
        needed: maybe(fields({ "ipv4-addrs": maybe(integer()), "ipv6-addrs": maybe(integer()) })),
        pool: poolName,
      }),
    ),
  ),
});

const ipam = fields({
  "ipv6-pool": maybe(usage),
  "max-above-watermark": maybe(count),
  "max-allocate": maybe(count),
  "min-allocate": maybe(count),
  podCIDRs: maybe(list(text())),
  pool: maybe(usage),
  pools: maybe(pools),
  "pre-allocate": maybe(count),
  "static-ip-tags": maybe(dictionary(text())),
});

const addressPair = fields({ ipv4: maybe(text()), ipv6: maybe(text()) });

const CIDR_STATES = ["released", "depleted", "in-use"];
const RELEASE_STATES = ["marked-for-release", "ready-for-release", "do-not-release", "released"];
const releases = dictionary(text({ enum: RELEASE_STATES }));

const ipamStatus = fields({
  "assigned-static-ip": maybe(text()),
  "ipv6-used": maybe(usage),
  "operator-status": maybe(fields({ error: maybe(text()) })),
  "pod-cidrs": maybe(dictionary(fields({ status: maybe(text({ enum: CIDR_STATES })) }))),
  "release-ips": maybe(releases),
  "release-ipv6s": maybe(releases),
  used: maybe(usage),
});

const CLOUDS = ["alibaba-cloud", "azure", "eni"];

export const ciliumNode = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumNode"),
  metadata: objectMeta,
  spec: fields(
    {
      addresses: maybe(list(fields({ type: maybe(text()), ip: maybe(text()) }))),
      bootid: maybe(text()),
      encryption: maybe(fields({ key: maybe(integer()) })),
      health: maybe(addressPair),
      ingress: maybe(addressPair),
      "instance-id": maybe(text()),
      ipam: maybe(ipam),
      nodeidentity: maybe(integer({ format: "int64" })),
    },
    { ignored: CLOUDS },
  ),
  status: maybe(fields({ ipam: maybe(ipamStatus) }, { ignored: CLOUDS })),
});
export type CiliumNode = Typed<typeof ciliumNode>;
