/**
 * `toEntities: [dns]` in a policy for the whole cluster, as DNS pods see it.
 *
 * Such a policy often selects the DNS pods too, and its default deny would then keep out the very
 * queries that it allows others to send. Whoever writes policies for all pods may speak for those
 * of the DNS as well; a policy in a namespace may not, and opens nothing outside it.
 */
import { KEY, SOURCE } from "#identity";
import type { CiliumRule } from "#kube/types";
import type { PolicyRule, PolicySpec } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { DNS_PORTS } from "./entry.ts";
import { DNS, dnsPeers } from "./entities.ts";
import { clusterScope } from "./scope.ts";

/** What lets the pods that `spec` selects in at the DNS pods. */
export function dnsAnswers(
  rule: CiliumRule,
  spec: PolicySpec,
  path: string,
  context: ImportContext,
): PolicySpec[] {
  if (context.policy.namespace !== "" || spec.subject.kind !== "pod") return [];
  const index = (rule.egress ?? []).findIndex(({ toEntities }) => toEntities?.includes(DNS));
  if (index < 0) return [];
  const ref = { policy: context.policy, path: `${path}.egress[${index}].toEntities` };
  const askers = spec.subject.selector.and([
    { source: SOURCE.kubernetes, key: KEY.namespace, operator: "Exists", values: [] },
    ...clusterScope(spec.subject.selector, context.options),
  ]);
  const answer: PolicyRule = {
    ref,
    direction: "ingress",
    effect: "allow",
    peers: [{ kind: "labels", selector: askers }],
    ports: DNS_PORTS,
  };
  return dnsPeers(context).flatMap((peer): PolicySpec[] =>
    peer.kind !== "labels"
      ? []
      : [
          {
            ref,
            subject: { kind: "pod", selector: peer.selector },
            rules: [answer],
            defaultDeny: { ingress: false, egress: false },
            isAudit: spec.isAudit,
          },
        ],
  );
}
