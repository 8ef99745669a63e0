import { Cidr, IpAddress, type IpFamily } from "#base";
import { cidrLabelKey, cidrOfLabelKey } from "./cidr-text.ts";
import { type Label, Labels, SOURCE } from "./labels.ts";
import { reservedLabel } from "./reserved.ts";

/** The label of a range; of everything, it is the world's. */
export function cidrLabel(cidr: Cidr, families: readonly IpFamily[] = [4]): Label {
  if (cidr.prefixLength === 0) return worldLabel(cidr.family, families);
  return { source: SOURCE.cidr, key: cidrLabelKey(cidr), value: "" };
}

/** What `cidrLabel` was made of; undefined of labels that are no range's. */
export function cidrOfLabel(label: Label): Cidr | undefined {
  if (label.source === SOURCE.cidr)
    return label.value === "" ? cidrOfLabelKey(label.key) : undefined;
  if (label.source !== SOURCE.reserved) return undefined;
  if (label.key === "world-ipv4") return Cidr.of(IpAddress.v4(0), 0);
  return label.key === "world-ipv6" ? Cidr.of128(IpAddress.fromWords(0, 0, 0, 0), 0) : undefined;
}

/** The labels of the identity of a range. */
export function cidrLabels(cidr: Cidr, families: readonly IpFamily[] = [4]): Labels {
  return Labels.of([cidrLabel(cidr, families), worldLabel(cidr.family, families)]);
}

/** Where both families are in use the world is told apart by them. */
export function worldLabel(family: IpFamily, families: readonly IpFamily[]): Label {
  if (families.length < 2) return reservedLabel("world");
  return reservedLabel(family === 4 ? "world-ipv4" : "world-ipv6");
}

const GROUP_NAME_KEY = "io.cilium.policy.cidrgroupname/";

/** The labels that a CIDR group gives to its ranges: its name, and its own labels. */
export function cidrGroupLabels(name: string, labels: Readonly<Record<string, string>>): Labels {
  const source = SOURCE.cidrGroup;
  return Labels.of([
    ...Object.entries(labels).map(([key, value]) => ({ source, key, value })),
    { source, key: `${GROUP_NAME_KEY}${name}`, value: "" },
  ]);
}
