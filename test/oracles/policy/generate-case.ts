/** A cluster, its policies, a way of changing it, and what to ask. */
import fc from "fast-check";
import { cidrGroups, labels, namespaceObjects, podAt, services } from "./generate-cluster.ts";
import { OTHERS, policyAt } from "./generate-policy.ts";
import type { Probe } from "./judge.ts";
import { podName, type RawObject } from "./raw.ts";

const MAX_POLICIES = 6;
const MIN_PODS = 3;
const MAX_PODS = 8;

export type Step =
  | { readonly kind: "remove"; readonly at: number }
  | { readonly kind: "restore"; readonly at: number }
  | { readonly kind: "relabel"; readonly at: number; readonly labels: Record<string, string> };

export interface Case {
  readonly objects: readonly RawObject[];
  /** Numbers stand for objects, counted round. */
  readonly steps: readonly Step[];
  readonly probes: readonly Probe[];
}

const PORTS: readonly Omit<Probe, "from" | "to">[] = [
  // The port that most rules name.
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 81 },
  { protocol: "TCP", port: 443 },
  { protocol: "TCP", port: 53 },
  { protocol: "TCP", port: 79 },
  { protocol: "UDP", port: 80 },
  { protocol: "UDP", port: 53 },
  { protocol: "SCTP", port: 80 },
  { protocol: "ICMP", port: 8 },
];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat(30) }),
  fc.record({ kind: fc.constant("restore" as const), at: fc.nat(30) }),
  fc.record({ kind: fc.constant("relabel" as const), at: fc.nat(30), labels }),
);

function some<T>(
  build: (at: number) => fc.Arbitrary<T>,
  min: number,
  max: number,
): fc.Arbitrary<T[]> {
  return fc
    .integer({ min, max })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, at) => build(at))));
}

export function cases(probeCount: number): fc.Arbitrary<Case> {
  return fc
    .record({
      pods: some(podAt, MIN_PODS, MAX_PODS),
      policies: some(policyAt, 1, MAX_POLICIES),
      namespaces: namespaceObjects,
      services,
      groups: cidrGroups,
      steps: fc.array(step, { maxLength: 6 }),
    })
    .chain(({ pods, policies, namespaces, services: owned, groups, steps }) => {
      const names = pods.map(podName);
      const end = fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...names) },
        { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
      );
      const probe = fc
        .tuple(fc.constantFrom(...names), end, fc.boolean(), fc.constantFrom(...PORTS))
        .map(([pod, other, isTurned, port]) => {
          // Names are where flows go, not where they come from.
          const isBack = isTurned && other !== "api.io";
          return isBack ? { from: other, to: pod, ...port } : { from: pod, to: other, ...port };
        });
      const objects: RawObject[] = [...namespaces, ...pods, ...owned, ...groups, ...policies];
      return fc
        .array(probe, { minLength: probeCount, maxLength: probeCount })
        .map((probes) => ({ objects, steps, probes }));
    });
}
