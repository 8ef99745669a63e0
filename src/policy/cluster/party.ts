/** Who takes part in a flow: what people call them, and who that is in the model. */
import { AppError, IpAddress, quote } from "#base";
import { isReservedName, normaliseFqdn, type ReservedName } from "#identity";
import {
  DEFAULT_NAMESPACE,
  type NodeFact,
  type PodFact,
  type ServiceEntry,
} from "./cluster-facts.ts";
import type { Inventory } from "./inventory.ts";

export type Party =
  | { readonly kind: "pod"; readonly name: string; readonly pod: PodFact }
  /** A node, or a pod in a node's network. */
  | { readonly kind: "node"; readonly name: string; readonly node: NodeFact }
  | { readonly kind: "address"; readonly name: string; readonly address: IpAddress }
  | { readonly kind: "fqdn"; readonly name: string }
  | { readonly kind: "entity"; readonly name: ReservedName }
  /** Only as a destination; flows end at what is behind it. */
  | { readonly kind: "service"; readonly name: string; readonly service: ServiceEntry };

/** A party that nobody knows. The message says what could have been written. */
class PartyError extends AppError {
  override readonly name: string = "PartyError";

  constructor(text: string, message: string) {
    super("unknown-party", `${quote(text)}: ${message}`, { fields: { party: text } });
  }
}

const ENTITY_PREFIX = /^(?:entity|reserved):/;
const NODE_PREFIX = "node:";
const SERVICE_DOMAIN = /^([^.]+)\.([^.]+)\.svc(?:\.cluster\.local)?\.?$/;
// The last label of a name is no number; that of a mistyped address is.
const DNS_NAME = /^(?=.{1,255}$)(?!.*(?:^|\.)\d+\.?$)[-_a-z0-9]+(?:\.[-_a-z0-9]+)+\.?$/i;

/** A node without a name, for pods in a node's network that say not which. */
const UNNAMED_NODE: NodeFact = { name: "", labels: {}, addresses: [] };

export function resolveParty(text: string, inventory: Inventory): Party {
  const entity = text.replace(ENTITY_PREFIX, "");
  if (entity !== text) return entityParty(text, entity);
  if (text.startsWith(NODE_PREFIX)) return nodeParty(text, inventory);
  const address = IpAddress.tryParse(text);
  if (address !== undefined) return addressParty(address, inventory);
  if (text.includes("/")) return namedParty(text, text, inventory);
  const key = `${DEFAULT_NAMESPACE}/${text}`;
  if (inventory.pods.has(key)) return namedParty(text, key, inventory);
  if (isReservedName(text)) return { kind: "entity", name: text };
  const inCluster = SERVICE_DOMAIN.exec(text);
  if (inCluster !== null) return namedParty(text, `${inCluster[2]}/${inCluster[1]}`, inventory);
  if (DNS_NAME.test(text)) return { kind: "fqdn", name: normaliseFqdn(text).replace(/\.$/, "") };
  return namedParty(text, key, inventory);
}

/** The pod as a party: of the node's network, it is the node. */
export function podParty(pod: PodFact, inventory: Inventory): Party {
  if (!pod.isHostNetwork) return { kind: "pod", name: pod.key, pod };
  const known = pod.node === undefined ? onlyNode(inventory) : inventory.nodes.get(pod.node);
  const node = known ?? { ...UNNAMED_NODE, name: pod.node ?? "" };
  const addresses = [...node.addresses, ...pod.addresses];
  return { kind: "node", name: pod.key, node: { ...node, addresses } };
}

/** The only node that there is: where objects name none, everything is on one. */
export function onlyNode(inventory: Inventory): NodeFact | undefined {
  const [first, second] = inventory.nodes.values();
  if (first === undefined) return UNNAMED_NODE;
  return second === undefined ? first : undefined;
}

function entityParty(text: string, name: string): Party {
  if (isReservedName(name)) return { kind: "entity", name };
  const several =
    name === "all" || name === "cluster" || name === "dns"
      ? `${name} is many; name one of them`
      : "no entity of that name; there are host, remote-node, world, kube-apiserver, health, " +
        "ingress, init and unmanaged";
  throw new PartyError(text, several);
}

function nodeParty(text: string, inventory: Inventory): Party {
  const node = inventory.nodes.get(text.slice(NODE_PREFIX.length));
  if (node !== undefined) return { kind: "node", name: text, node };
  throw new PartyError(text, "no such Node among the objects");
}

function addressParty(address: IpAddress, inventory: Inventory): Party {
  const has = (addresses: readonly IpAddress[]): boolean =>
    addresses.some((each) => each.equals(address));
  for (const node of inventory.nodes.values()) {
    if (has(node.addresses)) return { kind: "node", name: address.toString(), node };
  }
  for (const pod of inventory.pods.values()) {
    if (has(pod.addresses))
      return { ...podParty(pod, inventory), name: address.toString() } as Party;
  }
  for (const service of inventory.services.values()) {
    if (has(service.clusterAddresses)) {
      return { kind: "service", name: address.toString(), service };
    }
  }
  return { kind: "address", name: address.toString(), address };
}

function namedParty(text: string, key: string, inventory: Inventory): Party {
  const pod = inventory.pods.get(key);
  if (pod !== undefined) return podParty(pod, inventory);
  const service = inventory.services.get(key);
  if (service !== undefined) return { kind: "service", name: key, service };
  throw new PartyError(
    text,
    "neither a pod nor a Service among the objects; write namespace/pod, an address, a DNS name " +
      "or an entity such as world",
  );
}
