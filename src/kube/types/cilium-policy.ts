/** Cilium's two kinds of policy. Whether there is a spec at all is for whoever imports to judge. */
import { ciliumRule } from "./cilium-rule.ts";
import { objectMeta } from "./meta.ts";
import {
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
  type: text(),
  status: text(),
  lastTransitionTime: maybe(text({ format: "date-time" })),
  reason: maybe(text()),
  message: maybe(text()),
});

const derivativePolicy = fields({
  ok: maybe(flag()),
  error: maybe(text()),
  lastUpdated: maybe(text({ format: "date-time" })),
  localPolicyRevision: maybe(integer({ format: "int64" })),
  enforcing: maybe(flag()),
  annotations: maybe(dictionary(text())),
});

const status = fields({
  conditions: maybe(list(condition, { listType: "map", mapKeys: ["type"] })),
  derivativePolicies: maybe(dictionary(derivativePolicy)),
});
export type CiliumPolicyStatus = Typed<typeof status>;

const body = {
  metadata: objectMeta,
  spec: maybe(ciliumRule),
  specs: maybe(list(ciliumRule)),
  status: maybe(status),
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
