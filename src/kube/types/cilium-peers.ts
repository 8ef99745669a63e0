/** Whom rules of Cilium's policies speak of. */
import { labelSelector } from "./meta.ts";
import { dictionary, fields, list, maybe, text, type Typed } from "./schema.ts";

const MAX_NAME = 253;
const MAX_FQDN = 255;

/** Checked by whoever imports, which knows that a bare address is one too. */
export const cidrText = text({ format: "cidr" });

export const cidrRule = fields(
  {
    cidr: maybe(cidrText),
    cidrGroupRef: maybe(
      text({
        maxLength: MAX_NAME,
        pattern: String.raw`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`,
      }),
    ),
    cidrGroupSelector: maybe(labelSelector),
    except: maybe(list(cidrText)),
  },
  { oneOf: ["cidr", "cidrGroupRef", "cidrGroupSelector"] },
);
export type CidrRule = Typed<typeof cidrRule>;

export const fqdnSelector = fields(
  {
    matchName: maybe(
      text({
        maxLength: MAX_FQDN,
        pattern: "^([-a-zA-Z0-9_]+[.]?)+$",
        checked: /^[-a-zA-Z0-9_]+(?:\.[-a-zA-Z0-9_]+)*\.?$/,
        characters: "be a DNS name of letters, digits, '-' and '_' ('*' is for matchPattern)",
      }),
    ),
    matchPattern: maybe(
      text({
        maxLength: MAX_FQDN,
        pattern: "^([-a-zA-Z0-9_*]+[.]?)+$",
        checked: /^[-a-zA-Z0-9_*]+(?:\.[-a-zA-Z0-9_*]+)*\.?$/,
        characters: "be a DNS name of letters, digits, '-', '_' and '*'",
      }),
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
  aws: maybe(
    fields({
      labels: maybe(dictionary(text())),
      securityGroupsIds: maybe(list(text())),
      securityGroupsNames: maybe(list(text())),
      region: maybe(text()),
    }),
  ),
});
export type GroupsSelector = Typed<typeof groups>;

export const serviceSelector = fields({
  k8sService: maybe(fields({ serviceName: maybe(text()), namespace: maybe(text()) })),
  k8sServiceSelector: maybe(fields({ selector: labelSelector, namespace: maybe(text()) })),
});
export type ServiceSelector = Typed<typeof serviceSelector>;
