/** A Pod's quality-of-service class, of what its containers request and are limited to. */
import type { JsonObject } from "../../schema/types.ts";
import { asRecord, asShown, at, recordsAt } from "../json.ts";

const COUNTED = ["cpu", "memory"];

export function qosClassOf(spec: JsonObject): "Guaranteed" | "Burstable" | "BestEffort" {
  // What is said of the pod as a whole counts, and no container's amounts then.
  const isWhole = amounts(spec, "requests").size + amounts(spec, "limits").size > 0;
  const containers = isWhole
    ? [spec]
    : [...recordsAt(spec, "initContainers"), ...recordsAt(spec, "containers")];
  const counted = containers.flatMap((container) => [
    { requests: amounts(container, "requests"), limits: amounts(container, "limits") },
  ]);
  const isAny = counted.some(({ requests, limits }) => requests.size > 0 || limits.size > 0);
  if (!isAny) return "BestEffort";
  const isGuaranteed = counted.every(({ requests, limits }) =>
    COUNTED.every((name) => {
      const limit = limits.get(name);
      return limit !== undefined && (requests.get(name) ?? limit) === limit;
    }),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

/** As written: amounts that are equal and written in two ways count as different. */
function amounts(container: JsonObject, kind: "requests" | "limits"): Map<string, string> {
  const record = asRecord(at(container, "resources", kind)) ?? {};
  return new Map(
    Object.entries(record)
      .filter(([name, value]) => COUNTED.includes(name) && asShown(value) !== "0")
      .map(([name, value]) => [name, asShown(value)]),
  );
}
