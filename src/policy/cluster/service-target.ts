/** What is behind a Service: policy is asked about the pod, after the address was translated. */
import { AppError } from "#base";
import { protocolName, type ServiceEntry, type ServicePort } from "./cluster-facts.ts";
import type { Inventory } from "./inventory.ts";
import { type Party, podParty } from "./party.ts";

interface ServiceTarget {
  readonly party: Party;
  readonly port: number;
  readonly note: string;
}

/** The first of the Service's endpoints; the note says whom it was. */
export function serviceTarget(
  service: ServiceEntry,
  protocol: number,
  port: number,
  inventory: Inventory,
): ServiceTarget {
  const addresses = inventory.backends.get(service.key) ?? [];
  const address = addresses[0];
  if (address === undefined) {
    throw new AppError(
      "service-without-endpoints",
      `${service.key} is a Service that no pod stands behind: ask about a pod instead`,
    );
  }
  const pods = [...inventory.pods.values()];
  const pod = pods.find((each) => each.addresses.some((own) => own.equals(address)));
  const written = service.ports.find((each) => each.port === port && each.protocol === protocol);
  if (written === undefined && service.ports.length > 0) {
    throw new AppError(
      "service-without-port",
      `${service.key} is a Service without port ${port}/${protocolName(protocol)}: it has ` +
        service.ports.map((each) => `${each.port}/${protocolName(each.protocol)}`).join(", "),
    );
  }
  const party: Party =
    pod === undefined
      ? { kind: "address", name: address.toString(), address }
      : podParty(pod, inventory);
  const target = targetPort(written, port, (name) =>
    pod?.namedPorts.get(`${name.toLowerCase()}/${protocolName(protocol)}`),
  );
  const more = addresses.length > 1 ? `, one of ${addresses.length} endpoints` : "";
  const note =
    `${service.key} is a Service: judged at ${party.name} port ${target}${more}` +
    " (policy sees pods, never Services)";
  return { party, port: target, note };
}

function targetPort(
  written: ServicePort | undefined,
  port: number,
  named: (name: string) => number | undefined,
): number {
  const target = written?.targetPort;
  if (target === undefined || target === 0 || target === "") return port;
  if (typeof target === "number") return target;
  return /^[0-9]+$/.test(target) ? Number(target) : (named(target) ?? port);
}
