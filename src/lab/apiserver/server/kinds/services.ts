/** Services: their families of addresses, and when addresses and ports are taken and given back. */
import { asList, asRecord, asText, at, ensureRecord } from "../json.ts";
import type { KindRules } from "./rules.ts";
import { addressesOf, allocateAddresses, allocatePorts, portsOf } from "./service-allocation.ts";
import type { ServiceAllocator } from "./service-allocator.ts";
import { fillFamilies } from "./service-families.ts";
import { checkAddresses, keepAllocated, settleAddresses } from "./service-update.ts";

export const serviceRules: KindRules = {
  create(context, object, write) {
    const spec = ensureRecord(object, "spec");
    const address = asText(spec["clusterIP"]);
    if (address !== "" && asList(spec["clusterIPs"]).length === 0) spec["clusterIPs"] = [address];
    fillFamilies(context, object, spec);
    allocateAddresses(context, object, spec, [], write);
    allocatePorts(context, object, spec, new Set(), write);
  },
  update(context, object, old, write) {
    const spec = ensureRecord(object, "spec");
    const oldSpec = asRecord(old["spec"]) ?? {};
    keepAllocated(spec, oldSpec);
    settleAddresses(spec, oldSpec);
    checkAddresses(object, spec, oldSpec);
    fillFamilies(context, object, spec, oldSpec);
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
