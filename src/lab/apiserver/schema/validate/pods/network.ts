/** A pod's names, its resolver, and the namespaces that it shares with its node. */
import { validateAddress } from "../addresses.ts";
import type { View } from "../view.ts";
import { dnsSubdomain, searchDomain } from "../words.ts";

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2_048;
const HOSTNAME_MAX = 64;

/** A template's port may leave the host's out: it comes with the pod. */
export function validateHostNetwork(spec: View, isPod: boolean): void {
  if (spec.at("hostNetwork").value !== true) return;
  for (const container of spec.at("containers").items()) {
    for (const port of container.at("ports").items()) {
      const [host, own] = [port.at("hostPort"), port.at("containerPort")];
      if ((isPod || host.number !== 0) && host.number !== own.number) {
        host.invalid("must match `containerPort` when `hostNetwork` is true", host.number);
      }
    }
  }
}

export function validateResolver(spec: View): void {
  const config = spec.at("dnsConfig");
  const servers = config.at("nameservers");
  if (spec.at("dnsPolicy").text === "None") {
    if (!config.isThere) {
      return config.required("must provide `dnsConfig` when `dnsPolicy` is None");
    }
    if (servers.items().length === 0) {
      return servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None");
    }
  }
  if (servers.items().length > NAMESERVERS_MAX) {
    servers.invalid(`must not have more than ${NAMESERVERS_MAX} nameservers`);
  }
  for (const server of servers.items()) validateAddress(server);
  validateSearches(config.at("searches"));
  for (const option of config.at("options").items()) {
    if (option.at("name").text === "") option.required("must not be empty");
  }
}

function validateSearches(searches: View): void {
  const texts = searches.items().map(({ text }) => text);
  if (texts.length > SEARCHES_MAX) {
    searches.invalid(`must not have more than ${SEARCHES_MAX} search paths`);
  }
  if (texts.join(" ").length > SEARCH_CHARACTERS_MAX) {
    searches.invalid(
      `must not have more than ${SEARCH_CHARACTERS_MAX} characters (including spaces) in the search list`,
    );
  }
  for (const search of searches.items()) {
    if (search.text === ".") continue;
    const name = search.text.replace(/\.$/, "");
    search.invalids(searchDomain(name), name);
  }
}

export function validateHostAliases(aliases: View): void {
  for (const alias of aliases.items()) {
    validateAddress(alias.at("ip"));
    for (const name of alias.at("hostnames").items()) name.invalids(dnsSubdomain(name.text));
  }
}

/** With users of its own a pod shares nothing with its node. */
export function validateHostUsers(spec: View): void {
  if (spec.at("hostUsers").value !== false) return;
  const shared: readonly (readonly [string, string])[] = [
    ["hostNetwork", "hostNetwork"],
    ["hostPID", "HostPID"],
    ["hostIPC", "HostIPC"],
  ];
  for (const [field, told] of shared) {
    if (spec.at(field).value === true) spec.at(told).forbidden("when `hostUsers` is false");
  }
  for (const key of ["initContainers", "containers", "ephemeralContainers"]) {
    for (const container of spec.at(key).items()) {
      const devices = container.at("volumeDevices");
      if (devices.items().length > 0) devices.forbidden("when `hostUsers` is false");
    }
  }
}

export function validateHostnameOverride(spec: View): void {
  const name = spec.at("hostnameOverride");
  if (!name.isThere) return;
  for (const key of ["setHostnameAsFQDN", "hostNetwork"]) {
    if (spec.at(key).value === true) name.forbidden(`may not be specified when ${key} is true`);
  }
  if (name.text.length > HOSTNAME_MAX) name.tooLong(HOSTNAME_MAX);
  name.invalids(dnsSubdomain(name.text));
}
