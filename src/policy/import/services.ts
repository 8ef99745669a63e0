/** toServices: what stands behind services, as selectors of pods or as addresses. */
import { Cidr, IpAddress, quote } from "#base";
import { KEY, Labels, Selector, SOURCE } from "#identity";
import type { ServiceSelector } from "#kube/types";
import type { PolicyOptions } from "../options.ts";
import type { PeerSelector } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import type { ServiceFact } from "./facts.ts";
import { clusterScope, isIn, readSelector } from "./scope.ts";

export function readServices(
  services: readonly ServiceSelector[],
  path: string,
  context: ImportContext,
): PeerSelector[] {
  const found = new Map<string, ServiceFact>();
  for (const [index, wanted] of services.entries()) {
    for (const service of selected(wanted, `${path}[${index}]`, context)) {
      found.set(`${service.namespace}/${service.name}`, service);
    }
  }
  return [...found.values()].flatMap((service) => servicePeers(service, context.options));
}

function selected(wanted: ServiceSelector, path: string, context: ImportContext): ServiceFact[] {
  const { report, facts } = context;
  const all = [...facts.services.values()];
  const bySelector = wanted.k8sServiceSelector;
  if (bySelector !== undefined) {
    const at = `${path}.k8sServiceSelector`;
    const selector = readSelector(bySelector.selector, `${at}.selector`, report);
    if (selector === undefined) return [];
    // A service's labels have no source, so whichever the selector names is meant.
    const anySource = Selector.of(
      selector.requirements.map((each) => ({ ...each, source: SOURCE.any })),
    );
    const found = all.filter(
      (service) => isOf(service, bySelector.namespace) && anySource.matches(serviceLabels(service)),
    );
    if (found.length === 0) reportNone(at, "no service has these labels", context);
    return found;
  }
  const byName = wanted.k8sService;
  if (byName !== undefined) {
    const { serviceName: name = "", namespace } = byName;
    const found = all.filter((service) => service.name === name && isOf(service, namespace));
    const where = namespace ? ` in namespace ${quote(namespace)}` : "";
    if (found.length === 0) {
      reportNone(`${path}.k8sService`, `there is no service ${quote(name)}${where}`, context);
    }
    return found;
  }
  report.error("service-missing", path, "names no service: give k8sService or k8sServiceSelector");
  return [];
}

function reportNone(path: string, what: string, context: ImportContext): void {
  context.report.warning("service-unknown", path, `${what}: selects nobody until there is one`);
}

function isOf(service: ServiceFact, namespace: string | undefined): boolean {
  return namespace === undefined || namespace === "" || service.namespace === namespace;
}

function serviceLabels(service: ServiceFact): Labels {
  const labels = Object.entries(service.labels);
  return Labels.of(labels.map(([key, value]) => ({ source: SOURCE.kubernetes, key, value })));
}

/** The pods that a service selects; where it selects none, the addresses of its endpoints. */
export function servicePeers(service: ServiceFact, options: PolicyOptions): PeerSelector[] {
  const wanted = Object.entries(service.selector ?? {});
  if (wanted.length > 0) {
    const pods = Selector.of([
      ...wanted.map(([key, value]) => isIn(key, value)),
      isIn(KEY.namespace, service.namespace),
    ]);
    return [{ kind: "labels", selector: pods.and(clusterScope(pods, options)) }];
  }
  return service.addresses.flatMap((text): PeerSelector[] => {
    const address = IpAddress.tryParse(text);
    return address === undefined ? [] : [{ kind: "cidr", cidr: Cidr.of(address), except: [] }];
  });
}
