import type { Cidr } from "#base";
import { validateBlock } from "./addresses.ts";
import { validateSelector } from "./selectors.ts";
import type { View } from "./view.ts";
import { portName, portNumber } from "./words.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const TYPES = ["Ingress", "Egress"];

export function validateNetworkPolicy(object: View): void {
  const spec = object.at("spec");
  validateSelector(spec.at("podSelector"));
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    for (const rule of spec.at(direction).items()) {
      for (const port of rule.at("ports").items()) validatePort(port);
      for (const peer of rule.at(peers).items()) validatePeer(peer);
    }
  }
  const types = spec.at("policyTypes");
  if (types.items().length > TYPES.length) {
    return types.invalid("may not specify more than two policyTypes");
  }
  for (const type of types.items()) if (!TYPES.includes(type.text)) type.unsupported(TYPES);
}

function validatePort(port: View): void {
  const [protocol, number, end] = [port.at("protocol"), port.at("port"), port.at("endPort")];
  if (protocol.isThere && !PROTOCOLS.includes(protocol.text)) protocol.unsupported(PROTOCOLS);
  if (!number.isThere) {
    if (end.isThere) end.invalid("may not be specified when `port` is not specified");
  } else if (typeof number.value === "string") {
    if (end.isThere) end.invalid("may not be specified when `port` is non-numeric");
    number.invalids(portName(number.text));
  } else {
    number.invalids(portNumber(number.number));
    if (!end.isThere) return;
    if (end.number < number.number) {
      end.invalid("must be greater than or equal to `port`", number.value);
    }
    end.invalids(portNumber(end.number));
  }
}

function validatePeer(peer: View): void {
  const pods = peer.at("podSelector");
  const namespaces = peer.at("namespaceSelector");
  const block = peer.at("ipBlock");
  if (pods.isThere) validateSelector(pods);
  if (namespaces.isThere) validateSelector(namespaces);
  if (block.isThere) validateIpBlock(block);
  if (!pods.isThere && !namespaces.isThere && !block.isThere) {
    peer.required("must specify a peer");
  } else if (block.isThere && (pods.isThere || namespaces.isThere)) {
    peer.forbidden("may not specify both ipBlock and another peer");
  }
}

function validateIpBlock(block: View): void {
  const cidr = block.at("cidr");
  if (cidr.text === "") return cidr.required();
  const whole = validateBlock(cidr);
  if (whole === undefined) return;
  for (const each of block.at("except").items()) {
    const part = validateBlock(each);
    if (part !== undefined && !isStrictlyIn(part, whole)) {
      each.invalid("must be a strict subset of `cidr`");
    }
  }
}

function isStrictlyIn(part: Cidr, whole: Cidr): boolean {
  return whole.contains(part.first) && whole.prefixLength < part.prefixLength;
}
