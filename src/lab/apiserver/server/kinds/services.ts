/** Services: their families of addresses, and when addresses and ports are taken and given back. */
import { IpAddress, type IpFamily } from "#base";
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import type { ApiContext } from "../context.ts";
import { asList, asRecord, asText, at, ensureRecord } from "../json.ts";
import type { KindRules } from "./rules.ts";
import {
  addressesOf,
  allocateAddresses,
  allocatePorts,
  HEADLESS,
  portsOf,
  refused,
} from "./service-allocation.ts";
import type { ServiceAllocator } from "./service-allocator.ts";
import { checkAddresses, keepAllocated, settleAddresses } from "./service-update.ts";

export const serviceRules: KindRules = {
  create(context, object, write) {
    const spec = ensureRecord(object, "spec");
    fillFamilies(context, object, spec);
    allocateAddresses(context, object, spec, [], write);
    allocatePorts(context, object, spec, new Set(), write);
  },
  update(context, object, old, write) {
    const spec = ensureRecord(object, "spec");
    const oldSpec = asRecord(old["spec"]) ?? {};
    settleAddresses(spec, oldSpec);
    checkAddresses(object, spec, oldSpec);
    keepAllocated(spec, oldSpec);
    fillFamilies(context, object, spec);
    const kept = addressesOf(oldSpec);
    allocateAddresses(context, object, spec, kept, write);
    const keptPorts = new Set(portsOf(oldSpec));
    allocatePorts(context, object, spec, keptPorts, write);
    const addresses = new Set(addressesOf(spec));
    const ports = new Set(portsOf(spec));
    write.onSuccess(() => {
      for (const one of kept) if (!addresses.has(one)) context.services.releaseAddress(one);
      for (const one of keptPorts) if (!ports.has(one)) context.services.releasePort(one);
    });
  },
  remove(context, object, write) {
    const spec = asRecord(object["spec"]) ?? {};
    write.onSuccess(() => {
      for (const address of addressesOf(spec)) context.services.releaseAddress(address);
      for (const port of portsOf(spec)) context.services.releasePort(port);
    });
  },
};

/** Takes what a Service of the store has: at the start. */
export function adoptService(allocator: ServiceAllocator, service: unknown): void {
  const spec = asRecord(at(service, "spec")) ?? {};
  for (const address of addressesOf(spec)) allocator.takeAddress(address);
  for (const port of portsOf(spec)) allocator.takePort(port);
}

function fillFamilies(context: ApiContext, object: KubeObject, spec: JsonObject): void {
  if (spec["type"] === "ExternalName") return;
  const given = asList(spec["clusterIPs"]).map(asText);
  const first = asText(spec["clusterIP"]);
  const addresses = (given.length > 0 ? given : [first]).filter((address) => address !== "");
  const policy = asText(spec["ipFamilyPolicy"]) || defaultPolicy(spec, addresses);
  spec["ipFamilyPolicy"] = policy;
  const available = context.services.families.map(familyName);
  const families = asList(spec["ipFamilies"]).map(asText);
  for (const address of addresses) {
    const family = IpAddress.tryParse(address)?.family;
    if (family !== undefined && !families.includes(familyName(family))) {
      families.push(familyName(family));
    }
  }
  if (families.length === 0) families.push(...available.slice(0, 1));
  const unknown = families.find((family) => !available.includes(family));
  if (unknown !== undefined && (addresses[0] !== HEADLESS || spec["selector"] !== undefined)) {
    throw refused(object, "spec.ipFamilies[0]", unknown, "not configured on this cluster");
  }
  if (policy === "RequireDualStack" && available.length < 2) {
    const why = "this cluster is not configured for dual-stack services";
    throw refused(object, "spec.ipFamilyPolicy", policy, why);
  }
  if (policy !== "SingleStack") {
    for (const family of available) if (!families.includes(family)) families.push(family);
  } else families.splice(1);
  spec["ipFamilies"] = families;
}

function defaultPolicy(spec: JsonObject, addresses: readonly string[]): string {
  const isDual = addresses.length > 1 || asList(spec["ipFamilies"]).length > 1;
  return isDual ? "RequireDualStack" : "SingleStack";
}

function familyName(family: IpFamily): string {
  return family === 4 ? "IPv4" : "IPv6";
}
