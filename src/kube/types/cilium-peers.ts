/** Whom rules of Cilium's policies speak of. */
import { labelSelector } from "./meta.ts";
import { about, dictionary, fields, list, maybe, text, type Typed } from "./schema.ts";

const MAX_NAME = 253;
const MAX_FQDN = 255;

/** Checked by whoever imports, which knows that a bare address is one too. */
export const cidrText = text({ format: "cidr" });

export const cidrRule = fields(
  {
    cidr: about("A CIDR.", maybe(cidrText)),
    cidrGroupRef: about(
      "The name of a CiliumCIDRGroup.",
      maybe(
        text({
          maxLength: MAX_NAME,
          pattern: String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
        }),
      ),
    ),
    cidrGroupSelector: about("CiliumCIDRGroups with these labels.", maybe(labelSelector)),
    except: about("Parts of the CIDRs that are not meant.", maybe(list(cidrText))),
  },
  { oneOf: ["cidr", "cidrGroupRef", "cidrGroupSelector"] },
);
export type CidrRule = Typed<typeof cidrRule>;

export const fqdnSelector = fields(
  {
    matchName: about(
      "One name.",
      maybe(
        text({
          maxLength: MAX_FQDN,
          pattern: "^([-a-zA-Z0-9_]+[.]?)+$",
          checked: /^[-a-zA-Z0-9_]+(?:\.[-a-zA-Z0-9_]+)*\.?$/,
          characters: "be a DNS name of letters, digits, '-' and '_' ('*' is for matchPattern)",
        }),
      ),
    ),
    matchPattern: about(
      "Names by a pattern: * stands for any characters of one label, ** in front for any number of labels.",
      maybe(
        text({
          maxLength: MAX_FQDN,
          pattern: "^([-a-zA-Z0-9_*]+[.]?)+$",
          checked: /^[-a-zA-Z0-9_*]+(?:\.[-a-zA-Z0-9_*]+)*\.?$/,
          characters: "be a DNS name of letters, digits, '-', '_' and '*'",
        }),
      ),
    ),
  },
  { oneOf: ["matchName", "matchPattern"] },
);
export type FqdnSelector = Typed<typeof fqdnSelector>;

/** `dns` is ours: the cluster's DNS servers. */
const ENTITIES = [
  "all",
  "world",
  "cluster",
  "host",
  "init",
  "ingress",
  "unmanaged",
  "remote-node",
  "health",
  "none",
  "kube-apiserver",
  "dns",
];
export const entity = text({ enum: ENTITIES });

export const groups = fields({
  aws: about(
    "Of Amazon's cloud.",
    maybe(
      fields({
        labels: about("Tags that the machine has.", maybe(dictionary(text()))),
        securityGroupsIds: about("Its security groups, by their IDs.", maybe(list(text()))),
        securityGroupsNames: about("The same, by their names.", maybe(list(text()))),
        region: about("Where the machine is.", maybe(text())),
      }),
    ),
  ),
});
export type GroupsSelector = Typed<typeof groups>;

export const serviceSelector = fields({
  k8sService: about(
    "A service, by its name.",
    maybe(
      fields({
        serviceName: about("The name.", maybe(text())),
        namespace: about("Its namespace; the policy's, where none is said.", maybe(text())),
      }),
    ),
  ),
  k8sServiceSelector: about(
    "Services, by their labels.",
    maybe(
      fields({
        selector: about("The labels.", labelSelector),
        namespace: about("Their namespace; the policy's, where none is said.", maybe(text())),
      }),
    ),
  ),
});
export type ServiceSelector = Typed<typeof serviceSelector>;
