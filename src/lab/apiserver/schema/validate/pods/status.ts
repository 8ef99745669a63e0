/** What a kubelet or a scheduler says of a pod. */
import { IpAddress } from "#base";
import { isIp, validateAddress } from "../addresses.ts";
import { validateUnchanged } from "../metadata.ts";
import type { View } from "../view.ts";
import { dnsSubdomain } from "../words.ts";

export function validatePodStatus(object: View, old: View): void {
  const [status, before] = [object.at("status"), old.at("status")];
  const nominated = status.at("nominatedNodeName");
  if (nominated.text !== "") nominated.invalids(dnsSubdomain(nominated.text));
  validateAddresses(status.at("podIPs"), before.at("podIPs"));
  const [host, hosts] = [status.at("hostIP"), status.at("hostIPs")];
  const [first] = hosts.items();
  if (first !== undefined && first.at("ip").text !== host.text) {
    first.at("ip").invalid("must be equal to `hostIP`", first.at("ip").text);
  }
  validateAddresses(hosts, before.at("hostIPs"));
  if (before.at("qosClass").isThere)
    validateUnchanged(status.at("qosClass"), before.at("qosClass"));
}

/** One of each family; what was there before may stay as it is. */
function validateAddresses(list: View, old: View): void {
  const kept = new Set(old.items().map((each) => each.at("ip").text));
  const texts = list.items().map((each) => each.at("ip").text);
  for (const [index, each] of list.items().entries()) {
    const text = texts[index] ?? "";
    // Told of at the item, and not at its address.
    if (!kept.has(text)) validateAddress(each.at("ip").as(each.path));
  }
  if (texts.length < 2) return;
  const wrong = texts.findIndex((text) => !isIp(text));
  if (wrong >= 0) {
    list.internal(
      `failed to check for dual stack with error:invalid IP[${wrong}]: ${texts[wrong]}`,
    );
  }
  const families = new Set(texts.map((text) => IpAddress.tryParse(text)?.family));
  if (texts.length === 2 && families.size === 2) return;
  const shown = texts.map((text) => ({ IP: text }));
  list.invalid("may specify no more than one IP for each IP family", shown);
}
