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
import { about, fields, flag, list, maybe, text, type Typed } from "./schema.ts";

const MAX_LOG_VALUE = 32;

const authentication = fields({
  mode: about(
    "Whether both ends have to prove who they are: disabled, required, or a test that always fails.",
    text({ enum: ["disabled", "required", "test-always-fail"] }),
  ),
});

/** No longer understood; the CRD lets the field be there only while it is empty. */
const requires = list(text(), { maxItems: 0 });

const sources = {
  fromEndpoints: about(
    "Pods with these labels, of the policy's namespace unless they name another. An empty selector means all of them, an empty list none.",
    maybe(list(labelSelector)),
  ),
  fromRequires: about("No longer in use; has to be empty.", maybe(requires)),
  fromCIDR: about("Addresses outside of the cluster, as CIDRs.", maybe(list(cidrText))),
  fromCIDRSet: about("The same with exceptions, or by groups of CIDRs.", maybe(list(cidrRule))),
  fromEntities: about(
    "Peers by what they are to the cluster: world, cluster, host, and so on.",
    maybe(list(entity)),
  ),
  fromGroups: about("Machines of a cloud, by what the cloud calls them.", maybe(list(groups))),
  fromNodes: about("Nodes with these labels.", maybe(list(labelSelector))),
};

const destinations = {
  toEndpoints: about(
    "Pods with these labels, of the policy's namespace unless they name another. An empty selector means all of them, an empty list none.",
    maybe(list(labelSelector)),
  ),
  toRequires: about("No longer in use; has to be empty.", maybe(requires)),
  toCIDR: about("Addresses outside of the cluster, as CIDRs.", maybe(list(cidrText))),
  toCIDRSet: about("The same with exceptions, or by groups of CIDRs.", maybe(list(cidrRule))),
  toEntities: about(
    "Peers by what they are to the cluster: world, cluster, host, and so on.",
    maybe(list(entity)),
  ),
  toServices: about("What stands behind services of Kubernetes.", maybe(list(serviceSelector))),
  toGroups: about("Machines of a cloud, by what the cloud calls them.", maybe(list(groups))),
  toNodes: about("Nodes with these labels.", maybe(list(labelSelector))),
};

const icmps = about("ICMP of these types, instead of ports.", maybe(list(icmpRule)));
const allowed = {
  toPorts: about(
    "Only at these ports; what follows there may look into the traffic too. Absent: at all ports.",
    maybe(list(portRule)),
  ),
  icmps,
  authentication: about(
    "What both ends have to do before traffic is let through.",
    maybe(authentication),
  ),
};
const denied = {
  toPorts: about("Only at these ports. Absent: at all ports.", maybe(list(portDenyRule))),
  icmps,
};

const ingressRule = fields({ ...sources, ...allowed });
export type IngressRule = Typed<typeof ingressRule>;

const ingressDenyRule = fields({ ...sources, ...denied });
export type IngressDenyRule = Typed<typeof ingressDenyRule>;

const egressRule = fields({
  ...destinations,
  toFQDNs: about(
    "Addresses that the cluster's DNS has told a pod for these names.",
    maybe(list(fqdnSelector)),
  ),
  ...allowed,
});
export type EgressRule = Typed<typeof egressRule>;

const egressDenyRule = fields({ ...destinations, ...denied });
export type EgressDenyRule = Typed<typeof egressDenyRule>;

export const ciliumRule = fields(
  {
    endpointSelector: about(
      "The pods that the rule is about, by their labels; an empty selector means all.",
      maybe(labelSelector),
    ),
    nodeSelector: about(
      "The nodes that the rule is about, by their labels; only in clusterwide policies.",
      maybe(labelSelector),
    ),
    ingress: about(
      "Who may reach them. Once there is a list, nobody else may, even if it is empty.",
      maybe(list(ingressRule)),
    ),
    ingressDeny: about("Who may not, whatever other rules allow.", maybe(list(ingressDenyRule))),
    egress: about(
      "What they may reach. Once there is a list, nothing else, even if it is empty.",
      maybe(list(egressRule)),
    ),
    egressDeny: about(
      "What they may not reach, whatever other rules allow.",
      maybe(list(egressDenyRule)),
    ),
    enableDefaultDeny: about(
      "Whether the rule also denies what it does not allow; by default it does, in each direction it speaks of.",
      maybe(
        fields({
          ingress: about("Of what comes in.", maybe(flag())),
          egress: about("Of what goes out.", maybe(flag())),
        }),
      ),
    ),
    labels: about(
      "Names for the rule, which tools show.",
      maybe(
        list(
          fields({
            key: about("Its name.", text()),
            value: about("Its value.", maybe(text())),
            source: about("Who has given it: k8s, or another.", maybe(text())),
          }),
        ),
      ),
    ),
    description: about("What the rule is for, in words.", maybe(text())),
    log: about(
      "What events about the rule carry along.",
      maybe(
        fields({
          value: about(
            "A text in each of them.",
            maybe(
              text({
                maxLength: MAX_LOG_VALUE,
                pattern: String.raw`^\PC*$`,
                checked: /^\P{C}*$/u,
                characters: "consist of printable characters",
              }),
            ),
          ),
        }),
      ),
    ),
  },
  {
    anyOf: ["ingress", "ingressDeny", "egress", "egressDeny"],
    oneOf: ["endpointSelector", "nodeSelector"],
  },
);
export type CiliumRule = Typed<typeof ciliumRule>;
