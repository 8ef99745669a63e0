/** Cilium's two kinds of policy. Whether there is a spec at all is for whoever imports to judge. */
import { ciliumRule } from "./cilium-rule.ts";
import { objectMeta } from "./meta.ts";
import {
  about,
  constant,
  dictionary,
  fields,
  flag,
  integer,
  list,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const condition = fields({
  type: about("What is true or not: Valid.", text()),
  status: about("True, False or Unknown.", text()),
  lastTransitionTime: about(
    "When the status was last another one.",
    maybe(text({ format: "date-time" })),
  ),
  reason: about("Why, in one word for programs.", maybe(text())),
  message: about("Why, for people.", maybe(text())),
});

const derivativePolicy = fields({
  ok: about("Whether the policy was made of this one without an error.", maybe(flag())),
  error: about("What went wrong.", maybe(text())),
  lastUpdated: about("When that was.", maybe(text({ format: "date-time" }))),
  localPolicyRevision: about(
    "The revision of all policies on the node since when this one holds.",
    maybe(integer({ format: "int64" })),
  ),
  enforcing: about("Whether all endpoints of the node keep to it.", maybe(flag())),
  annotations: about("Those of the policy when it was read.", maybe(dictionary(text()))),
});

const status = fields({
  conditions: about(
    "Whether the policy could be read, by the agents and the operator.",
    maybe(list(condition, { listType: "map", mapKeys: ["type"] })),
  ),
  derivativePolicies: about(
    "Of policies that were made of this one, how they are, by their names.",
    maybe(dictionary(derivativePolicy)),
  ),
});
export type CiliumPolicyStatus = Typed<typeof status>;

const body = {
  metadata: objectMeta,
  spec: about(
    "One rule: whom it is about, and what is allowed or denied to them.",
    maybe(ciliumRule),
  ),
  specs: about("Several rules, each as spec has it.", maybe(list(ciliumRule))),
  status: about("What agents and the operator have to say about the policy.", maybe(status)),
};

export const ciliumNetworkPolicy = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumNetworkPolicy"),
  ...body,
});
export type CiliumNetworkPolicy = Typed<typeof ciliumNetworkPolicy>;

export const ciliumClusterwideNetworkPolicy = fields({
  apiVersion: constant("cilium.io/v2"),
  kind: constant("CiliumClusterwideNetworkPolicy"),
  ...body,
});
export type CiliumClusterwideNetworkPolicy = Typed<typeof ciliumClusterwideNetworkPolicy>;
