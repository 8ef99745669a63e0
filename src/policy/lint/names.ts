import { quote } from "#base";
import { namedPortKey } from "../cluster/cluster-facts.ts";
import type { ClusterModel } from "../cluster/cluster-model.ts";
import type { Report } from "./lint.ts";
import { selectedSpecs } from "./spread.ts";

/** Names of ports that no pod has: those rules match nothing. */
export function lintNames(model: ClusterModel, report: Report): void {
  const everywhere = new Set<string>();
  const numbers = new Map<string, Set<number>>();
  for (const { namedPorts } of model.subjects.values()) {
    for (const [key, number] of namedPorts) {
      everywhere.add(key);
      numbers.set(key, (numbers.get(key) ?? new Set()).add(number));
    }
  }
  for (const { spec, subjects } of selectedSpecs(model)) {
    for (const rule of spec.rules) {
      const ports = rule.ports === "any" ? [] : rule.ports;
      // A port without a protocol became one match for each: one of them is enough.
      const named = new Map<string, { keys: string[]; resolve: string }>();
      for (const { port, protocol } of ports) {
        if (!("name" in port)) continue;
        const entry = named.get(port.name) ?? { keys: [], resolve: port.resolve };
        entry.keys.push(namedPortKey(port.name, protocol));
        named.set(port.name, entry);
      }
      for (const [name, { keys, resolve }] of named) {
        const message = problemOf(name, keys, resolve, subjects, everywhere, numbers);
        if (message === undefined) continue;
        const { policy, path } = rule.ref;
        report({ severity: "warning", code: "unknown-port-name", policy, path, message });
      }
    }
  }
}

function problemOf(
  name: string,
  keys: readonly string[],
  resolve: string,
  subjects: ReadonlySet<{ readonly namedPorts: ReadonlyMap<string, number> }>,
  everywhere: ReadonlySet<string>,
  numbers: ReadonlyMap<string, ReadonlySet<number>>,
): string | undefined {
  if (resolve === "own") {
    const isFound = [...subjects].some((each) => keys.some((key) => each.namedPorts.has(key)));
    if (isFound || subjects.size === 0) return undefined;
    return `names port ${quote(name)}, which no pod that it selects has: it matches nothing`;
  }
  if (!keys.some((key) => everywhere.has(key))) {
    return `names port ${quote(name)}, which no pod here has: it matches nothing`;
  }
  if (resolve !== "cluster" || keys.some((key) => numbers.get(key)?.size === 1)) return undefined;
  return `names port ${quote(name)}, to which pods give different numbers: it matches nothing`;
}
