/** Which families of addresses a Service has: what it says, and what follows from the rest. */
import { IpAddress, type IpFamily } from "#base";
import { invalid } from "../../schema/status-error.ts";
import type { Cause, Json, JsonObject, KubeObject } from "../../schema/types.ts";
import { validateServiceAddresses } from "../../schema/validate/service-addresses.ts";
import { View } from "../../schema/validate/view.ts";
import type { ApiContext } from "../context.ts";
import { invalidValue } from "../errors.ts";
import { asList, asRecord, asText } from "../json.ts";
import { HEADLESS } from "./service-allocation.ts";

const KIND = { group: "", kind: "Service" };
const SINGLE = "SingleStack";

/** Addresses are given out after this: what does not fit is refused here already. */
export function fillFamilies(
  { services }: ApiContext,
  object: KubeObject,
  spec: JsonObject,
  old?: JsonObject,
): void {
  if (spec["type"] === "ExternalName") return;
  const isOpen = asText(spec["clusterIP"]) === HEADLESS && hasNoSelector(spec);
  const policy = asText(spec["ipFamilyPolicy"]) || asText(old?.["ipFamilyPolicy"]);
  spec["ipFamilyPolicy"] = policy || (isOpen ? "RequireDualStack" : SINGLE);
  const available = services.families.map(familyName);
  const causes: Cause[] = [];
  const refuse = (): void => {
    if (causes.length > 0) throw invalid(KIND, object.metadata.name ?? "", causes);
  };
  validateServiceAddresses(new View(spec, "spec", causes));
  refuse();
  const families = asList(spec["ipFamilies"]).map(asText);
  causes.push(...policyCauses(spec, families), ...inferFamilies(spec, families, available));
  refuse();
  if (!isOpen) causes.push(...clusterCauses(spec, families, available));
  refuse();
  if (families.length === 0) families.push(...available.slice(0, 1));
  // Whoever brings addresses of its own may have both families anywhere.
  const wanted = isOpen ? ["IPv4", "IPv6"] : available;
  if (spec["ipFamilyPolicy"] !== SINGLE) {
    for (const family of wanted) if (!families.includes(family)) families.push(family);
  }
  spec["ipFamilies"] = families;
}

const hasNoSelector = (spec: JsonObject): boolean =>
  Object.keys(asRecord(spec["selector"]) ?? {}).length === 0;

function cause(field: string, value: Json | undefined, why: string): Cause {
  return invalidValue(field, value, why);
}

function policyCauses(spec: JsonObject, families: readonly string[]): Cause[] {
  const policy = spec["ipFamilyPolicy"];
  if (policy !== SINGLE) return [];
  const why = (what: string): string =>
    `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
  const addresses = asList(spec["clusterIPs"]).length;
  return [
    ...(addresses === 2 ? [cause("spec.ipFamilyPolicy", policy, why("cluster IPs"))] : []),
    ...(families.length === 2 ? [cause("spec.ipFamilyPolicy", policy, why("IP families"))] : []),
  ];
}

/** Adds those of the addresses that are said. */
function inferFamilies(
  spec: JsonObject,
  families: string[],
  available: readonly string[],
): Cause[] {
  const causes: Cause[] = [];
  const addresses = asList(spec["clusterIPs"]).map(asText);
  for (const [index, address] of addresses.entries()) {
    if (address === HEADLESS) break;
    const family = IpAddress.tryParse(address)?.family;
    if (index < families.length || family === undefined) continue;
    const name = familyName(family);
    if (available.includes(name)) families.push(name);
    else {
      const why = `${name} is not configured on this cluster`;
      causes.push(cause(`spec.clusterIPs[${index}]`, addresses, why));
    }
  }
  return causes;
}

function clusterCauses(
  spec: JsonObject,
  families: readonly string[],
  available: readonly string[],
): Cause[] {
  const policy = spec["ipFamilyPolicy"];
  const isMissing = policy === "RequireDualStack" && available.length < 2;
  const why = "this cluster is not configured for dual-stack services";
  return [
    ...(isMissing ? [cause("spec.ipFamilyPolicy", policy, why)] : []),
    ...families.flatMap((family, index) =>
      available.includes(family)
        ? []
        : [cause(`spec.ipFamilies[${index}]`, family, "not configured on this cluster")],
    ),
  ];
}

function familyName(family: IpFamily): string {
  return family === 4 ? "IPv4" : "IPv6";
}
