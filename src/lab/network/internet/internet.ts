import { AsyncScope, systemClock } from "#base";
import type { Logger } from "#base/log";
import { deleteNamespace, openNetlink, type Namespace, RouteTable, Scope } from "#netlink";
import { addressesIn, labAddresses, type LabNetwork, nodeAddresses } from "../addresses.ts";
import { startDnsServer } from "../dns/server.ts";
import { cableName, namespaceName } from "../underlay/names.ts";
import { joinUnderlay, routePods } from "../underlay/namespaces.ts";
import { existing, listCables } from "../underlay/underlay.ts";
import { InternetHosts } from "./hosts.ts";
import { answerFromInternet } from "./resolver.ts";
import { type IssueCertificate, startWeb } from "./web.ts";

/** What its namespace is called, behind the lab's name. */
const INTERNET = "internet";
const CABLE = 0;

export interface InternetOptions {
  readonly lab: LabNetwork;
  /** Names besides those that are always there. */
  readonly names?: readonly string[];
  readonly issue: IssueCertificate;
  readonly logger: Logger;
}

/** A world outside the cluster, served by this process. */
export interface Internet extends AsyncDisposable {
  /** Known to the resolver and to the web from now on. */
  add(name: string): void;
  /** Names to try. */
  list(): readonly string[];
}

/**
 * Makes the namespace, or takes over what is there, and serves in it. It ends with its process,
 * the namespace stays: `removeInternet`.
 */
export async function startInternet(options: InternetOptions): Promise<Internet> {
  const { lab, issue, logger } = options;
  const hosts = new InternetHosts(lab, options.names);
  await using scope = new AsyncScope();
  const { internet, internetResolver } = labAddresses(lab);
  const member = { node: INTERNET, index: CABLE, address: internet };
  const namespace = scope.use(joinUnderlay(lab, member));
  furnish(lab, namespace, hosts);
  scope.use(
    await startDnsServer({
      namespace,
      addresses: [internetResolver],
      resolve: ({ query }) => answerFromInternet(query, hosts),
      logger,
    }),
  );
  const isHost = (name: string): boolean =>
    hosts.lookup(name, 4, systemClock.nowMs()) !== undefined;
  scope.use(await startWeb({ namespace, hasIpv6: lab.hasIpv6, isHost, issue }));
  const own = scope.move();
  return {
    add: (name) => hosts.add(name),
    list: () => hosts.list(),
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  };
}

/** Fine where it is not there. */
export async function removeInternet(lab: LabNetwork): Promise<void> {
  using root = openNetlink();
  const cable = cableName(lab, CABLE);
  if (root.links.get(cable) !== undefined) await root.async.links.delete(cable);
  deleteNamespace(namespaceName(lab, INTERNET));
}

/** All its addresses are its own without being anybody's: a route says so. */
function furnish(lab: LabNetwork, namespace: Namespace, hosts: InternetHosts): void {
  const { internet, internetCidr } = labAddresses(lab);
  using root = openNetlink();
  using inside = openNetlink({ namespace });
  const { index: link } = existing(inside, "lo");
  for (const destination of hosts.cidrs()) {
    const isLocal = { type: "local", table: RouteTable.local, scope: Scope.host } as const;
    inside.routes.replace({ destination, link, ...isLocal });
  }
  // The machine reaches what belongs to this lab alone; nodes reach everything.
  const [gateway] = addressesIn(internet);
  root.routes.replace({ destination: internetCidr, gateway });
  for (const { node } of listCables(root, lab)) {
    if (node === CABLE) continue;
    const { pods, address } = nodeAddresses(lab, node);
    routePods(inside, pods, address);
  }
}
