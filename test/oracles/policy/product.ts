/** The product, asked as the brute force is. */
import { parseObject, type KnownObject } from "#kube/types";
import { ClusterModel } from "#policy";
import type { BruteOptions, Probe, Ruling } from "./judge.ts";
import type { RawObject } from "./raw.ts";

/** Objects that do not even parse are left out, as the API server would refuse them. */
function parseAll(objects: readonly RawObject[]): KnownObject[] {
  return objects.flatMap((raw) => parseObject(raw).object ?? []);
}

export function modelOf(objects: readonly RawObject[], options: BruteOptions = {}): ClusterModel {
  return ClusterModel.of(parseAll(objects), options);
}

export function ruleOf(model: ClusterModel, probe: Probe): Ruling {
  const { egress, ingress, verdict, l7 } = model.verdict(probe);
  return { egress, ingress, verdict, l7: l7 === true };
}
