/** What is odd in a pod, or in what pods are made of. */
import type { View } from "../validate/view.ts";
import { addressWarnings } from "./addresses.ts";
import { fractionWarnings } from "./amounts.ts";
import { containersOf, containerWarnings, portNameWarnings, portWarnings } from "./containers.ts";
import { labelMapWarnings, labelWarnings, nodeTermWarnings } from "./node-labels.ts";
import { formerVolumeWarnings, overlapWarnings } from "./volumes.ts";

const FORMER_ANNOTATIONS: readonly (readonly [string, string])[] = [
  [
    "scheduler.alpha.kubernetes.io/critical-pod",
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    "security.alpha.kubernetes.io/sysctls",
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    "security.alpha.kubernetes.io/unsafe-sysctls",
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
];
const SECCOMP = "seccomp.security.alpha.kubernetes.io/pod";
const NO_SELECTOR = "a null labelSelector results in matching no pod";

/** `pod` has metadata and a spec: it may be a template. */
export function podWarnings(pod: View): string[] {
  const [spec, annotations] = [pod.at("spec"), pod.at("metadata", "annotations")];
  const containers = containersOf(spec);
  const ports = containers.flatMap((each) => each.at("ports").items());
  const volumes = spec.at("volumes").items();
  return [
    ...placeWarnings(spec),
    ...formerAnnotations(annotations),
    ...volumes.flatMap(formerVolumeWarnings),
    ...volumes.flatMap(overlapWarnings),
    ...repeated(spec.at("hostAliases").items(), "ip"),
    ...pullSecretWarnings(spec.at("imagePullSecrets").items()),
    ...["memory", "ephemeral-storage"].flatMap((key) => fractionWarnings(spec.at("overhead"), key)),
    ...seccompWarnings(spec, annotations),
    ...containers.flatMap((each) => containerWarnings(each, annotations)),
    ...portWarnings(ports),
    ...portNameWarnings(ports),
    ...gracePeriodWarnings(spec.at("terminationGracePeriodSeconds")),
    ...["podAffinity", "podAntiAffinity"].flatMap((key) => {
      return podAffinityWarnings(spec.at("affinity", key));
    }),
    ...spec.at("dnsConfig", "nameservers").items().flatMap(addressWarnings),
    ...spec
      .at("hostAliases")
      .items()
      .flatMap((each) => addressWarnings(each.at("ip"))),
  ];
}

/** Which nodes it may run on. */
function placeWarnings(spec: View): string[] {
  const affinity = spec.at("affinity", "nodeAffinity");
  const required = affinity.at("requiredDuringSchedulingIgnoredDuringExecution");
  const preferred = affinity.at("preferredDuringSchedulingIgnoredDuringExecution");
  return [
    ...labelMapWarnings(spec.at("nodeSelector")),
    ...required
      .at("nodeSelectorTerms")
      .items()
      .flatMap((term) => nodeTermWarnings(term)),
    ...preferred.items().flatMap((each) => nodeTermWarnings(each.at("preference"), true)),
    ...spec
      .at("topologySpreadConstraints")
      .items()
      .flatMap((constraint) => [
        ...labelWarnings(constraint.at("topologyKey")),
        ...selectorWarnings(constraint),
      ]),
  ];
}

function selectorWarnings(term: View): string[] {
  const selector = term.at("labelSelector");
  return selector.isThere ? [] : [`${selector.path}: ${NO_SELECTOR}`];
}

function podAffinityWarnings(affinity: View): string[] {
  const preferred = affinity.at("preferredDuringSchedulingIgnoredDuringExecution").items();
  return [
    ...affinity.at("requiredDuringSchedulingIgnoredDuringExecution").items(),
    ...preferred.map((each) => each.at("podAffinityTerm")),
  ].flatMap(selectorWarnings);
}

function formerAnnotations(annotations: View): string[] {
  return FORMER_ANNOTATIONS.flatMap(([key, why]) => {
    const annotation = annotations.key(key);
    return annotation.isThere ? [`${annotation.path}: ${why}`] : [];
  });
}

function seccompWarnings(spec: View, annotations: View): string[] {
  const annotation = annotations.key(SECCOMP);
  if (!annotation.isThere || spec.at("securityContext", "seccompProfile").isThere) return [];
  return [`${annotation.path}: non-functional in v1.27+; use the "seccompProfile" field instead`];
}

/** What a field of the views has twice. */
function repeated(views: readonly View[], key: string): string[] {
  const seen = new Set<string>();
  return views.flatMap((view) => {
    const { text, path } = view.at(key);
    const isFirst = !seen.has(text);
    seen.add(text);
    return isFirst ? [] : [`${path}: duplicate ${key} ${JSON.stringify(text)}`];
  });
}

function pullSecretWarnings(secrets: readonly View[]): string[] {
  const unnamed = secrets.map((each) => each.at("name")).filter(({ text }) => text === "");
  return [
    ...repeated(secrets, "name"),
    ...unnamed.map(({ path }) => `${path}: invalid empty name ""`),
  ];
}

function gracePeriodWarnings({ number, path }: View): string[] {
  if (number >= 0) return [];
  return [`${path}: must be >= 0; negative values are invalid and will be treated as 1`];
}
