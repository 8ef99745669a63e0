/** Pods and their templates, in the order in which the API server tells of what is wrong. */
import { validateAnnotations, validateLabels } from "../metadata.ts";
import type { View } from "../view.ts";
import { between, dnsLabel, dnsSubdomain } from "../words.ts";
import { validateAffinity } from "./affinity.ts";
import {
  validateContainers,
  validateEphemeralContainers,
  validateImageBlanks,
  validateInitContainers,
} from "./containers.ts";
import { validateFileKeyVolumes } from "./environment.ts";
import {
  validateHostAliases,
  validateHostnameOverride,
  validateHostNetwork,
  validateHostUsers,
  validateResolver,
} from "./network.ts";
import { validateAmount, validatePodResources } from "./resources.ts";
import { validateGates, validateSpread, validateTolerations } from "./scheduling.ts";
import { validatePodSecurity } from "./security.ts";
import { validateVolumes } from "./volumes.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const PREEMPTION_POLICIES = ["PreemptLowerPriority", "Never"];
const SYSTEMS = ["linux", "windows"];
const INT32_MAX = 2 ** 31 - 1;

export function validatePodTemplate(template: View): void {
  // What is wrong with its metadata is told of at the template.
  const metadata = template.at("metadata");
  validateLabels(metadata.at("labels").as(`${template.path}.labels`));
  validateAnnotations(metadata.at("annotations").as(`${template.path}.annotations`));
  validateSpec(template.at("spec"), false);
  const ephemeral = template.at("spec", "ephemeralContainers");
  if (ephemeral.items().length > 0) {
    ephemeral.forbidden("ephemeral containers not allowed in pod template");
  }
}

/** A pod's, new or changed. */
export function validatePodSpec(spec: View): void {
  validateSpec(spec, true);
  for (const key of ["containers", "initContainers"]) {
    for (const container of spec.at(key).items()) validateImageBlanks(container);
  }
}

/** Beyond that, of one that has just come. */
export function validateNewPod(object: View): void {
  const spec = object.at("spec");
  const ephemeral = spec.at("ephemeralContainers");
  if (ephemeral.items().length > 0) ephemeral.forbidden("cannot be set on create");
  if (spec.at("nodeName").text !== "" && spec.at("schedulingGates").items().length > 0) {
    spec.at("nodeName").forbidden("cannot be set until all schedulingGates have been cleared");
  }
}

function validateSpec(spec: View, isPod: boolean): void {
  const volumes = validateVolumes(spec.at("volumes"));
  validateClaims(spec.at("resourceClaims"));
  validateContainers(spec, volumes);
  validateInitContainers(spec, volumes);
  validateEphemeralContainers(spec, volumes);
  validatePodResources(spec);
  validateHostNetwork(spec, isPod);
  spec.at("restartPolicy").oneOf(RESTART_POLICIES);
  spec.at("dnsPolicy").oneOf(DNS_POLICIES);
  validateLabels(spec.at("nodeSelector"));
  validatePodSecurity(spec);
  validateAffinity(spec.at("affinity"));
  validateResolver(spec);
  validateGates(spec);
  validateSpread(spec.at("topologySpreadConstraints"));
  validateHostUsers(spec);
  validateHostnameOverride(spec);
  validateNames(spec);
  validateFileKeyVolumes(spec);
}

function validateNames(spec: View): void {
  const subdomain = (key: string): void => {
    if (spec.at(key).text !== "") spec.at(key).invalids(dnsSubdomain(spec.at(key).text));
  };
  subdomain("serviceAccountName");
  subdomain("nodeName");
  const deadline = spec.at("activeDeadlineSeconds");
  if (deadline.isThere) deadline.invalids(between(deadline.number, 1, INT32_MAX));
  for (const key of ["hostname", "subdomain"]) {
    if (spec.at(key).text !== "") spec.at(key).invalids(dnsLabel(spec.at(key).text));
  }
  validateTolerations(spec.at("tolerations"));
  validateHostAliases(spec.at("hostAliases"));
  subdomain("priorityClassName");
  const runtime = spec.at("runtimeClassName");
  if (runtime.isThere) runtime.invalids(dnsSubdomain(runtime.text));
  const preemption = spec.at("preemptionPolicy");
  if (preemption.isThere) preemption.oneOf(PREEMPTION_POLICIES);
  for (const [name] of spec.at("overhead").entries()) {
    validateAmount(spec.at("overhead").key(name), name);
  }
  const system = spec.at("os", "name");
  if (!spec.at("os").isThere) return;
  if (system.text === "") system.required();
  else if (!SYSTEMS.includes(system.text)) spec.at("os").unsupported(SYSTEMS, system.text);
}

function validateClaims(claims: View): void {
  const names = new Set<string>();
  for (const claim of claims.items()) {
    const name = claim.at("name");
    const [one, template] = [claim.at("resourceClaimName"), claim.at("resourceClaimTemplateName")];
    if (name.text === "") name.required();
    else if (names.has(name.text)) name.duplicate();
    else name.invalids(dnsLabel(name.text));
    names.add(name.text);
    const shown = {
      Name: name.text,
      ResourceClaimName: one.value ?? null,
      ResourceClaimTemplateName: template.value ?? null,
    };
    const fields = "`resourceClaimName`";
    if (one.isThere && template.isThere) {
      const words = `at most one of ${fields} or \`resourceClaimTemplateName\` may be specified`;
      claim.invalid(words, shown);
    } else if (!one.isThere && !template.isThere) {
      claim.invalid(`must specify one of: ${fields}, \`resourceClaimTemplateName\``, shown);
    }
    for (const each of [one, template]) if (each.isThere) each.invalids(dnsSubdomain(each.text));
  }
}
