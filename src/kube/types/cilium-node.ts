/**
 * CiliumNode. Of clouds' own network cards nothing is kept: Ciliate gets addresses from pod CIDRs
 * and pools.
 */
import { cidrText } from "./cilium-peers.ts";
import { objectMeta } from "./meta.ts";
import {
  about,
  constant,
  dictionary,
  fields,
  integer,
  list,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const count = integer({ minimum: 0 });

const usage = dictionary(fields({ owner: maybe(text()), resource: maybe(text()) }));

const poolName = text({ minLength: 1 });

const pools = fields({
  allocated: about(
    "What the node has been given.",
    maybe(list(fields({ cidrs: maybe(list(cidrText)), pool: poolName }))),
  ),
  requested: about(
    "What it asks for.",
    maybe(
      list(
        fields({
          needed: maybe(fields({ "ipv4-addrs": maybe(integer()), "ipv6-addrs": maybe(integer()) })),
          pool: poolName,
        }),
      ),
    ),
  ),
});

const ipam = fields({
  "ipv6-pool": about("IPv6 addresses that the node may give out.", maybe(usage)),
  "max-above-watermark": about("How many it may keep beyond what it needs at least.", maybe(count)),
  "max-allocate": about("How many it may have at most.", maybe(count)),
  "min-allocate": about("How many it has from the start.", maybe(count)),
  podCIDRs: about("The CIDRs of its pods.", maybe(list(text()))),
  pool: about("IPv4 addresses that the node may give out.", maybe(usage)),
  pools: about("What it gets from pools of several nodes.", maybe(pools)),
  "pre-allocate": about("How many are kept ready.", maybe(count)),
  "static-ip-tags": about("Tags of addresses that stay the node's.", maybe(dictionary(text()))),
});

const addressPair = fields({ ipv4: maybe(text()), ipv6: maybe(text()) });

const CIDR_STATES = ["released", "depleted", "in-use"];
const RELEASE_STATES = ["marked-for-release", "ready-for-release", "do-not-release", "released"];
const releases = dictionary(text({ enum: RELEASE_STATES }));

const ipamStatus = fields({
  "assigned-static-ip": about("The address that stays the node's.", maybe(text())),
  "ipv6-used": about("IPv6 addresses in use.", maybe(usage)),
  "operator-status": about(
    "What the operator has to say.",
    maybe(fields({ error: maybe(text()) })),
  ),
  "pod-cidrs": about(
    "How the CIDRs of its pods are doing.",
    maybe(dictionary(fields({ status: maybe(text({ enum: CIDR_STATES })) }))),
  ),
  "release-ips": about("IPv4 addresses on their way back.", maybe(releases)),
  "release-ipv6s": about("IPv6 addresses on their way back.", maybe(releases)),
  used: about("IPv4 addresses in use.", maybe(usage)),
});

const CLOUDS = ["alibaba-cloud", "azure", "eni"];

export const ciliumNode = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumNode"),
  metadata: objectMeta,
  spec: about(
    "What the node has, and asks for.",
    fields(
      {
        addresses: about(
          "Its addresses, each with its type: InternalIP, CiliumInternalIP.",
          maybe(list(fields({ type: maybe(text()), ip: maybe(text()) }))),
        ),
        bootid: about("Which boot of the machine this is.", maybe(text())),
        encryption: about(
          "How its traffic is encrypted.",
          maybe(fields({ key: maybe(integer()) })),
        ),
        health: about("Where its health is asked for.", maybe(addressPair)),
        ingress: about("Where ingress traffic for the cluster arrives.", maybe(addressPair)),
        "instance-id": about("What its cloud calls it.", maybe(text())),
        ipam: about("Addresses for its pods.", maybe(ipam)),
        nodeidentity: about("The number of its identity.", maybe(integer({ format: "int64" }))),
      },
      { ignored: CLOUDS },
    ),
  ),
  status: about(
    "What the operator makes of that.",
    maybe(
      fields(
        { ipam: about("Addresses for its pods, as they are now.", maybe(ipamStatus)) },
        { ignored: CLOUDS },
      ),
    ),
  ),
});
export type CiliumNode = Typed<typeof ciliumNode>;
