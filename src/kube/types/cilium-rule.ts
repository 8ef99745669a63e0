/** The `spec` of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. */
import {
  cidrRule,
  cidrText,
  entity,
  fqdnSelector,
  groups,
  serviceSelector,
} from "./cilium-peers.ts";
import { icmpRule, portDenyRule, portRule } from "./cilium-ports.ts";
import { labelSelector } from "./meta.ts";
import { fields, flag, list, maybe, text, type Typed } from "./schema.ts";

const MAX_LOG_VALUE = 32;

const authentication = fields({
  mode: text({ enum: ["disabled", "required", "test-always-fail"] }),
});

/** No longer understood; the CRD lets the field be there only while it is empty. */
const requires = list(text(), { maxItems: 0 });

const sources = {
  fromEndpoints: maybe(list(labelSelector)),
  fromRequires: maybe(requires),
  fromCIDR: maybe(list(cidrText)),
  fromCIDRSet: maybe(list(cidrRule)),
  fromEntities: maybe(list(entity)),
  fromGroups: maybe(list(groups)),
  fromNodes: maybe(list(labelSelector)),
};

const destinations = {
  toEndpoints: maybe(list(labelSelector)),
  toRequires: maybe(requires),
  toCIDR: maybe(list(cidrText)),
  toCIDRSet: maybe(list(cidrRule)),
  toEntities: maybe(list(entity)),
  toServices: maybe(list(serviceSelector)),
  toGroups: maybe(list(groups)),
  toNodes: maybe(list(labelSelector)),
};

const icmps = maybe(list(icmpRule));
const allowed = { toPorts: maybe(list(portRule)), icmps, authentication: maybe(authentication) };
const denied = { toPorts: maybe(list(portDenyRule)), icmps };

const ingressRule = fields({ ...sources, ...allowed });
export type IngressRule = Typed<typeof ingressRule>;

const ingressDenyRule = fields({ ...sources, ...denied });
export type IngressDenyRule = Typed<typeof ingressDenyRule>;

const egressRule = fields({ ...destinations, toFQDNs: maybe(list(fqdnSelector)), ...allowed });
export type EgressRule = Typed<typeof egressRule>;

const egressDenyRule = fields({ ...destinations, ...denied });
export type EgressDenyRule = Typed<typeof egressDenyRule>;

export const ciliumRule = fields(
  {
    endpointSelector: maybe(labelSelector),
    nodeSelector: maybe(labelSelector),
    ingress: maybe(list(ingressRule)),
    ingressDeny: maybe(list(ingressDenyRule)),
    egress: maybe(list(egressRule)),
    egressDeny: maybe(list(egressDenyRule)),
    enableDefaultDeny: maybe(fields({ ingress: maybe(flag()), egress: maybe(flag()) })),
    labels: maybe(list(fields({ key: text(), value: maybe(text()), source: maybe(text()) }))),
    description: maybe(text()),
    log: maybe(
      fields({
        value: maybe(
          text({
            maxLength: MAX_LOG_VALUE,
            pattern: String.raw`^\PC*$`,
            checked: /^\P{C}*$/u,
            characters: "consist of printable characters",
          }),
        ),
      }),
    ),
  },
  {
    anyOf: ["ingress", "ingressDeny", "egress", "egressDeny"],
    oneOf: ["endpointSelector", "nodeSelector"],
  },
);
export type CiliumRule = Typed<typeof ciliumRule>;
