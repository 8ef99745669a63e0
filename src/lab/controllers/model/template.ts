import { type ApiObject, controllerReference } from "./object.ts";
import type { Pod, PodTemplate } from "./pod.ts";
import { canonical } from "./same.ts";

export const POD_TEMPLATE_HASH = "pod-template-hash";

/** No vowels and nothing that looks like another character: hashes spell no words. */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A short name for a template. Which ReplicaSet belongs to a template is told by comparing
 * templates, never by this hash: `collisionCount` makes another where two share one.
 */
export function templateHash(template: PodTemplate, collisionCount?: number): string {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(`${comparable(template)}${collisionCount ?? ""}`)) {
    hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  }
  return hash
    .toString()
    .replaceAll(/\d/g, (digit) => ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length));
}

/** Whether two templates make the same pods, whatever hash is written into their labels. */
export function isSameTemplate(left: PodTemplate, right: PodTemplate): boolean {
  return comparable(left) === comparable(right);
}

function comparable(template: PodTemplate): string {
  const { [POD_TEMPLATE_HASH]: _hash, ...labels } = template.metadata?.labels ?? {};
  const { annotations = {}, finalizers } = template.metadata ?? {};
  return canonical({ labels, annotations, finalizers, spec: template.spec });
}

/** A pod as its owner's template says; the API server completes its name. */
export function podFromTemplate(owner: ApiObject, template: PodTemplate): Pod {
  const { labels = {}, annotations = {}, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "",
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace ?? "",
      labels: { ...labels },
      annotations: { ...annotations },
      ownerReferences: [controllerReference(owner)],
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
    },
    spec: structuredClone(template.spec),
  };
}
