/** A Service's cluster addresses and their families, which have to fit each other. */
import { familyOf, validateAddress } from "./addresses.ts";
import type { View } from "./view.ts";

const FAMILIES = ["IPv4", "IPv6"];
const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];
const ADDRESSES_MAX = 2;
const HEADLESS = "None";

export const isHeadless = (spec: View): boolean =>
  spec.at("clusterIPs").items()[0]?.text === HEADLESS;

/** Asked before addresses are given out, and with everything else again. */
export function validateServiceAddresses(spec: View): void {
  if (spec.at("type").text === "ExternalName") return;
  const [single, all] = [spec.at("clusterIP"), spec.at("clusterIPs")];
  const texts = all.items().map(({ text }) => text);
  if (single.text === "") {
    if (texts.length > 0) all.invalid("must be empty when `clusterIP` is not specified");
  } else if (texts.length === 0) {
    all.required();
  } else if (texts[0] !== single.text) {
    all.invalid("first value must match `clusterIP`");
  }
  validateFamilies(spec.at("ipFamilies"));
  const policy = spec.at("ipFamilyPolicy");
  if (policy.isThere && !POLICIES.includes(policy.text)) policy.unsupported(POLICIES);
  if (!validateTexts(all, texts)) return;
  const isPair = texts.length === 2 && familyOf(texts[0] ?? "") !== familyOf(texts[1] ?? "");
  if (texts.length > 1 && !isPair && texts.length <= ADDRESSES_MAX) {
    all.invalid("may specify no more than one IP for each IP family");
  }
  if (!isHeadless(spec)) validateFit(all, spec.at("ipFamilies"));
}

function validateFamilies(families: View): void {
  const seen = new Set<string>();
  for (const family of families.items()) {
    if (!FAMILIES.includes(family.text)) family.unsupported(FAMILIES);
    if (seen.has(family.text)) family.duplicate();
    seen.add(family.text);
  }
}

/** False where one is no address: then nothing is said of how they fit. */
function validateTexts(all: View, texts: readonly string[]): boolean {
  let isRight = true;
  for (const [index, address] of all.items().entries()) {
    if (index === 0 && address.text === HEADLESS) {
      if (texts.length > 1) {
        isRight = false;
        all.invalid("'None' must be the first and only value");
      }
    } else if (!validateAddress(address)) {
      isRight = false;
    }
  }
  if (texts.length > ADDRESSES_MAX) all.invalid(`may only hold up to ${ADDRESSES_MAX} values`);
  return isRight;
}

function validateFit(all: View, families: View): void {
  const wanted = families.items().map(({ text }) => text);
  for (const [index, address] of all.items().entries()) {
    const family = wanted[index];
    if (family === undefined) return;
    const isSix = familyOf(address.text) === 6;
    if ((family === "IPv4" && isSix) || (family === "IPv6" && !isSix)) {
      address.invalid(`expected an ${family} value as indicated by \`ipFamilies[${index}]\``);
    }
  }
}

/** The first stays; a second one may come and go. */
export function validateAddressesKept(spec: View, before: View): void {
  if ([spec, before].some((each) => each.at("type").text === "ExternalName")) return;
  const [isNow, was] = [isHeadless(spec), isHeadless(before)];
  if (!isNow || !was) validateKept(spec, before, "clusterIPs", "clusterIP");
  if (!isNow && !was) validateKept(spec, before, "ipFamilies", "ipFamily");
}

function validateKept(spec: View, before: View, key: string, word: string): void {
  const [now, old] = [spec.at(key), before.at(key)];
  const [texts, had] = [now, old].map((each) => each.items().map(({ text }) => text));
  if (texts === undefined || had === undefined) return;
  const at = (index: number): View => now.as(`${now.path}[${index}]`);
  const unchanged = "may not change once set";
  const shown = now.value ?? null;
  if (had.length === texts.length) {
    for (const [index, each] of had.entries()) {
      if (texts[index] !== each) at(word === "ipFamily" ? 0 : index).invalid(unchanged, shown);
    }
    return;
  }
  if (had.length > 0 && texts.length === 0) {
    at(0).invalid(`primary ${word} can not be unset`, shown);
  } else if (had.length > 0 && texts[0] !== had[0]) {
    at(0).invalid(unchanged, shown);
  }
  const policy = spec.at("ipFamilyPolicy");
  if (had.length > texts.length && texts.length === 1 && policy.text !== "SingleStack") {
    policy.invalid(`must be set to 'SingleStack' when releasing the secondary ${word}`);
  }
}
