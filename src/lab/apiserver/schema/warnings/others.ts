/** What is odd in the rest of the kinds. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { compareQuantities } from "#kube/types";
import type { View } from "../validate/view.ts";
import { qualifiedName } from "../validate/words.ts";
import { blockWarnings } from "./addresses.ts";
import { claimWarnings } from "./amounts.ts";
import { bareLabelWarnings, nodeTermWarnings } from "./node-labels.ts";

const MOUNTABLE = "kubernetes.io/enforce-mountable-secrets";
const BETA_CLASS = "volume.beta.kubernetes.io/storage-class";
const BETA_MOUNT = "volume.beta.kubernetes.io/mount-options";
const FORMER_VOLUMES: readonly (readonly [string, string, string])[] = [
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];
const STANDARD_FINALIZERS = ["orphan", "foregroundDeletion", "kubernetes"];

type OldView = View | undefined;

export function serviceAccountWarnings(account: View, old: OldView): string[] {
  const [annotation, before] = [account, old].map((each) => {
    return each?.at("metadata", "annotations").key(MOUNTABLE);
  });
  if (annotation?.isThere !== true || before?.isThere === true) return [];
  return [
    `${annotation.path}: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}

function annotationWarning(object: View, key: string, why: string): string[] {
  const annotation = object.at("metadata", "annotations").key(key);
  return annotation.isThere ? [`${annotation.path}: ${why}`] : [];
}

export function volumeWarnings(volume: View): string[] {
  const spec = volume.at("spec");
  const policy = spec.at("persistentVolumeReclaimPolicy");
  const recycle =
    "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";
  const former = FORMER_VOLUMES.filter(([key]) => spec.at(key).isThere);
  return [
    ...annotationWarning(
      volume,
      BETA_CLASS,
      'deprecated since v1.8; use "storageClassName" attribute instead',
    ),
    ...annotationWarning(
      volume,
      BETA_MOUNT,
      'deprecated since v1.31; use "mountOptions" attribute instead',
    ),
    ...(policy.text === "Recycle" ? [`${policy.path}: ${recycle}`] : []),
    ...spec
      .at("nodeAffinity", "required", "nodeSelectorTerms")
      .items()
      .flatMap((term) => nodeTermWarnings(term)),
    ...former.map(([, name, why]) => `${spec.path}.${name}: ${why}`),
  ];
}

export function volumeClaimWarnings(claim: View): string[] {
  const why = 'deprecated since v1.8; use "storageClassName" attribute instead';
  return [...annotationWarning(claim, BETA_CLASS, why), ...claimWarnings(claim.at("spec"))];
}

export function storageClassWarnings(storageClass: View): string[] {
  return storageClass
    .at("allowedTopologies")
    .items()
    .flatMap((each) => each.at("matchLabelExpressions").items())
    .flatMap((expression) => bareLabelWarnings(expression.at("key")));
}

export function nodeWarnings(node: View): string[] {
  const spec = node.at("spec");
  const [source, id] = [spec.at("configSource"), spec.at("externalID")];
  const former = "this field is deprecated, and is unused by Kubernetes";
  return [
    ...(source.isThere ? [`${source.path}: the feature is removed`] : []),
    ...(id.text === "" ? [] : [`${id.path}: ${former}`]),
    ...spec.at("podCIDRs").items().flatMap(blockWarnings),
  ];
}

export function quotaWarnings(quota: View, old: OldView): string[] {
  const hard = quota.at("spec", "hard");
  if (old !== undefined) return [];
  return ["cpu", "memory", "ephemeral-storage"].flatMap((resource) => {
    const bare = resource === "ephemeral-storage" ? [] : [resource];
    const name = [`requests.${resource}`, ...bare].find((key) => hard.key(key).isThere);
    const [request, limit] = [hard.key(name ?? ""), hard.key(`limits.${resource}`)];
    if (!request.isThere || !limit.isThere) return [];
    if (compareQuantities(request.text, limit.text) <= 0) return [];
    return [
      `ResourceQuota ${name} (${request.text}) should be less than limits.${resource} (${limit.text})`,
    ];
  });
}

/** A certificate and a key that are none, or do not belong together. */
export function secretWarnings(secret: View): string[] {
  if (secret.at("type").text !== "kubernetes.io/tls") return [];
  const [certificate = "", key = ""] = ["tls.crt", "tls.key"].map((name) => {
    return Buffer.from(secret.at("data").key(name).text, "base64").toString("latin1");
  });
  const missing = (what: string): string => `tls: failed to find any PEM data in ${what} input`;
  if (!certificate.includes("-----BEGIN")) return [missing("certificate")];
  if (!key.includes("-----BEGIN")) return [missing("key")];
  try {
    const isPair = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return isPair ? [] : ["tls: private key does not match public key"];
  } catch {
    return ["tls: failed to parse the certificate or its private key"];
  }
}

/** Finalizers of custom objects that others could use as well. */
export function finalizerWarnings(object: View, old: OldView): string[] {
  const before = new Set(
    old
      ?.at("metadata", "finalizers")
      .items()
      .map(({ text }) => text),
  );
  const path = "metadata.finalizers";
  return object
    .at("metadata", "finalizers")
    .items()
    .filter(({ text }) => !before.has(text))
    .flatMap(({ text }) => {
      const name = JSON.stringify(text);
      const wrong = qualifiedName(text).map((why) => `${path}: ${name}: ${why}`);
      if (text.includes("/") || STANDARD_FINALIZERS.includes(text)) return wrong;
      const including = text.includes(".") ? " including a path (/)" : "";
      return [
        ...wrong,
        `${path}: ${name}: prefer a domain-qualified finalizer name${including} to avoid accidental conflicts with other finalizer writers`,
      ];
    });
}
