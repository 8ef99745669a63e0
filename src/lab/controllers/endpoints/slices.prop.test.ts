import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";

import type { Pod } from "../model/pod.ts";
import type { Endpoint, EndpointSlice, Service } from "../model/service.ts";
import { pod, readyCondition, service } from "../test-world/objects.ts";
import { planSlices } from "./slices.ts";

/** As many as make several slices. */
const MAX_PODS = 240;

interface Wanted {
  number: number;
  isReady: boolean;
  isGoing: boolean;
  port: number;
}

function podOf({ number, isReady, isGoing, port }: Wanted): Pod {
  const ip = `10.0.${Math.floor(number / 200)}.${(number % 200) + 1}`;
  return pod(`web-${number}`, {
    spec: { containers: [{ name: "web", ports: [{ name: "http", containerPort: port }] }] },
    status: {
      podIP: ip,
      podIPs: [{ ip }, { ip: `fd00::${(number + 1).toString(16)}` }],
      conditions: [readyCondition(isReady)],
    },
    metadata: isGoing ? { deletionTimestamp: "2024-01-01T00:00:00Z" } : {},
  });
}

let made = 0;

function apply(
  owner: Service,
  pods: readonly Pod[],
  before: readonly EndpointSlice[],
): EndpointSlice[] {
  const slices = new Map(before.map((slice) => [slice.metadata.name, slice]));
  const { operations } = planSlices({ service: owner, pods, slices: before, nodes: new Map() });
  for (const operation of operations) {
    if (operation.verb === "create") {
      const slice = structuredClone(operation.object) as EndpointSlice;
      slice.metadata.name = `slice-${++made}`;
      slices.set(slice.metadata.name, slice);
    } else if (operation.verb === "update") {
      const slice = structuredClone(operation.object) as EndpointSlice;
      slices.set(slice.metadata.name, slice);
    } else if (operation.verb === "delete") slices.delete(operation.target.metadata.name);
  }
  return [...slices.values()];
}

const wanted: fc.Arbitrary<Wanted> = fc.record({
  number: fc.nat(MAX_PODS),
  isReady: fc.boolean(),
  isGoing: fc.boolean(),
  port: fc.constantFrom(80, 8080),
});
const population = fc.uniqueArray(wanted, {
  selector: ({ number }) => number,
  maxLength: MAX_PODS,
});

property(
  "slices converge to the pods in one step, and then rest",
  fc.array(population, { minLength: 1, maxLength: 4 }),
  (populations) => {
    const owner = service("web", {
      ipFamilies: ["IPv4", "IPv6"],
      ports: [{ name: "http", port: 80, targetPort: "http" }],
    });
    let slices: EndpointSlice[] = [];
    for (const each of populations) {
      const pods = each.map(podOf);
      slices = apply(owner, pods, slices);
      for (const family of ["IPv4", "IPv6"] as const) {
        const told = slices
          .filter(({ addressType }) => addressType === family)
          .flatMap(({ endpoints, ports }) =>
            (endpoints ?? []).map((endpoint) => tell(endpoint, ports?.[0]?.port)),
          );
        assert.deepEqual(told.toSorted(), each.map((one) => expected(one, family)).toSorted());
      }
      assert.ok(slices.every(({ endpoints }) => (endpoints ?? []).length <= 100));
      const { operations } = planSlices({ service: owner, pods, slices, nodes: new Map() });
      assert.deepEqual(operations, []);
    }
  },
);

function tell({ addresses, conditions }: Endpoint, port: number | undefined): string {
  return `${addresses.join()} ${port} ${conditions?.ready} ${conditions?.serving} ${conditions?.terminating}`;
}

function expected(one: Wanted, family: "IPv4" | "IPv6"): string {
  const ips = podOf(one).status?.podIPs ?? [];
  const ip = ips[family === "IPv4" ? 0 : 1]?.ip;
  return `${ip} ${one.port} ${one.isReady && !one.isGoing} ${one.isReady} ${one.isGoing}`;
}
