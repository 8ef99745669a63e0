import { AppError, AsyncScope, Backoff, Random, retry } from "#base";
import { installCrds, type KubeClient } from "#kube";
import { startApiServer } from "#lab/apiserver";
import { startControllers } from "#lab/controllers";
import { addressesIn, cidrsIn, labAddresses } from "#lab/network";
import { applyObjects } from "../objects/objects.ts";
import { dnsObjects } from "../objects/dns.ts";
import { API_PORT, apiServerAddresses } from "../state/addresses.ts";
import { CLUSTER_DOMAIN, ensureClusterPki } from "../state/cluster-pki.ts";
import { aborted, clientOf, type LabContext, openLab, type ProcessOptions } from "./shared.ts";

const ADDON_ATTEMPTS = 20;
const ADDON_BACKOFF = { minMs: 100, maxMs: 2_000 };

/** API server, controllers and scheduler of one lab, in this process. */
export async function runControlPlane({ name, signal, clock }: ProcessOptions): Promise<void> {
  await using scope = new AsyncScope();
  const lab = openLab(name, "control-plane");
  const { places, network, logger } = lab;
  const pki = ensureClusterPki(places.pkiFolder, apiServerAddresses(network), clock);
  const { machine, services } = labAddresses(network);
  const listen = addressesIn(machine).map(({ key }) => ({ host: key, port: API_PORT }));
  const server = await startApiServer({
    listen,
    folder: places.objectsFolder,
    pki: {
      caCert: pki.authority.certificate,
      serverCert: pki.server.certificate,
      serverKey: pki.server.key,
      serviceAccountKey: pki.serviceAccounts.privateKey,
      kubeletClientCert: pki.kubeletClient.certificate,
      kubeletClientKey: pki.kubeletClient.key,
    },
    serviceCidrs: cidrsIn(services).map(({ key }) => key),
    clock,
    log: logger.child("apiserver"),
  }).catch((error: unknown) => {
    throw portError(error, listen[0]?.host ?? "");
  });
  scope.use(server);
  logger.info("the API server answers", { address: `${listen[0]?.host}:${API_PORT}` });
  const client = clientOf(network, pki.authority.certificate, pki.controllers, scope);
  scope.use(
    await startControllers(client, {
      clock,
      logger: logger.child("controllers"),
      rootCa: pki.authority.certificate,
    }),
  );
  await installAddons(client, lab, { signal, clock });
  await aborted(signal);
}

/** Of a failure to listen, with who to look for. */
function portError(error: unknown, host: string): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if ((cause as NodeJS.ErrnoException | undefined)?.code !== "EADDRINUSE") return error;
  return new AppError(
    "port-in-use",
    `Port ${API_PORT} of ${host} is in use by another program: "ss -ltnp sport = :${API_PORT}" names it. Stop it, and the lab goes on by itself.`,
    { cause: error },
  );
}

async function installAddons(
  client: KubeClient,
  { settings, network }: LabContext,
  { signal, clock }: Pick<ProcessOptions, "signal" | "clock">,
): Promise<void> {
  const { clusterDns, internetResolver } = labAddresses(network);
  const objects = dnsObjects({
    replicas: settings.values.dnsReplicas,
    addresses: addressesIn(clusterDns).map(({ key }) => key),
    clusterDomain: CLUSTER_DOMAIN,
    upstream: settings.values.internet ? internetResolver.key : undefined,
  });
  const backoff = new Backoff({ ...ADDON_BACKOFF, random: new Random(process.pid) });
  const install = async (): Promise<void> => {
    await installCrds(client, clock);
    await applyObjects(client, objects);
  };
  await retry(install, {
    what: "installing the cluster's own objects",
    attempts: ADDON_ATTEMPTS,
    backoff,
    clock,
    signal,
  });
}
