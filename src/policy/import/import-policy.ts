/** From a policy object to plain rules. */
import { quote } from "#base";
import type {
  CiliumClusterwideNetworkPolicy,
  CiliumNetworkPolicy,
  NetworkPolicy,
} from "#kube/types";
import type { ImportedPolicy, PolicyRef, PolicySpec } from "../rule.ts";
import type { PolicyOptions } from "../options.ts";
import { importCiliumPolicy } from "./cilium-policy.ts";
import type { ImportContext } from "./context.ts";
import type { ClusterFacts } from "./facts.ts";
import { importNetworkPolicy } from "./network-policy.ts";
import { Report } from "./report.ts";

export type PolicyObject = NetworkPolicy | CiliumNetworkPolicy | CiliumClusterwideNetworkPolicy;

/** Our own: whether a policy is enforced, or only tells what it would deny. */
const ENFORCEMENT_ANNOTATION = "ciliate.io/enforcement";
const AUDIT = "audit";

const DEFAULT_NAMESPACE = "default";

/** Never throws: what is wrong is among the findings, and then there are no specs. */
export function importPolicy(
  object: PolicyObject,
  facts: ClusterFacts,
  options: PolicyOptions,
): ImportedPolicy {
  const report = new Report();
  const context: ImportContext = { policy: refOf(object), facts, options, report };
  if (context.policy.name === "") {
    report.error("no-name", "metadata.name", "has no name: give one");
  }
  const specs = importSpecs(object, isAudited(object, report), context);
  return {
    ref: context.policy,
    specs: report.hasErrors ? [] : specs,
    findings: report.findings(),
  };
}

/** The API server puts objects that name no namespace into `default`. */
function refOf({ kind, metadata }: PolicyObject): PolicyRef {
  const isClusterwide = kind === "CiliumClusterwideNetworkPolicy";
  const namespace = isClusterwide ? "" : metadata.namespace || DEFAULT_NAMESPACE;
  return { kind, namespace, name: metadata.name ?? "" };
}

function importSpecs(object: PolicyObject, isAudit: boolean, context: ImportContext): PolicySpec[] {
  if (object.kind === "NetworkPolicy") return importNetworkPolicy(object, isAudit, context);
  return importCiliumPolicy(object, isAudit, context);
}

function isAudited({ metadata }: PolicyObject, report: Report): boolean {
  const annotations = metadata.annotations ?? {};
  if (!Object.hasOwn(annotations, ENFORCEMENT_ANNOTATION)) return false;
  const value = annotations[ENFORCEMENT_ANNOTATION] ?? "";
  if (value !== AUDIT) {
    const what = `${quote(value)} means nothing: write ${AUDIT}, or leave the annotation out to enforce the policy`;
    report.error("bad-enforcement", `metadata.annotations[${quote(ENFORCEMENT_ANNOTATION)}]`, what);
  }
  return value === AUDIT;
}
