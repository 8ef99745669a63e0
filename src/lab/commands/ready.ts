/** Waiting for a cluster, with a line for every step that is done. */
import { AppError, type Clock } from "#base";
import { KubeError, type KubeClient, RESOURCES } from "#kube";
import { CNI_BIN_FOLDER, CNI_CONF_FOLDER } from "../node/folders.ts";
import { DEMO_NAMESPACE, demoObjects } from "../objects/demo.ts";
import { applyObject, applyObjects, hasCondition, tryGet, waitUntil } from "../objects/objects.ts";
import { askSupervisor } from "../supervisor/control.ts";
import { CONTROL_PLANE } from "../supervisor/program.ts";
import { clientOfLab, type Lab } from "./access.ts";
import { lastError } from "./start.ts";

/** So long an API server that is starting may leave a question unanswered. */
const ASK_PATIENCE_MS = 1_000;
const API_PATIENCE_MS = 60_000;
const NODE_PATIENCE_MS = 60_000;
const POD_PATIENCE_MS = 60_000;
/** So many ends in a row are no accident. */
const MAX_RESTARTS = 3;

interface Waiting {
  readonly clock: Clock;
  readonly report: (line: string) => void;
}

/** Until the API server answers, the nodes are ready, and names are answered. */
export async function waitForCluster(lab: Lab, { clock, report }: Waiting): Promise<void> {
  const { settings } = lab;
  using client = clientOfLab(lab, clock);
  await waitForApiServer(lab, client, clock);
  report("The API server answers");
  const running = settings.nodes.filter((node) => !node.isStopped);
  const hint = hintOf(lab);
  for (const { name } of running) {
    await waitUntil(
      async () => {
        const node = await tryGet(client, RESOURCES.Node, { name });
        // With no network plugin, nodes wait for one.
        return node !== undefined && (settings.cni === "none" || hasCondition(node, "Ready"));
      },
      { what: `node ${name} to be ready`, patienceMs: NODE_PATIENCE_MS, clock, hint },
    );
  }
  const what = running.map(({ name }) => name).join(", ");
  if (running.length === 0) return;
  if (settings.cni === "none") {
    report(`Nodes have joined: ${what}`);
    report(pluginAdvice(lab));
    return;
  }
  report(`Nodes are ready: ${what}`);
  if (settings.values.dnsReplicas === 0) return;
  const dns = { namespace: "kube-system", name: "coredns" };
  await waitUntil(
    async () => {
      const deployment = await tryGet(client, RESOURCES.Deployment, dns);
      return deployment !== undefined && hasCondition(deployment, "Available");
    },
    { what: "the cluster's DNS", patienceMs: POD_PATIENCE_MS, clock, hint },
  );
  report("Names of services are answered");
}

/** What a lab without a network plugin waits for, and where people put it. */
function pluginAdvice({ places }: Lab): string {
  return (
    "A node is NotReady until it has a network plugin: " +
    `its configuration in ${CNI_CONF_FOLDER}, its programs in ${CNI_BIN_FOLDER}. ` +
    `This machine has these folders below ${places.nodeStateFolder("NODE")}.`
  );
}

async function waitForApiServer(lab: Lab, client: KubeClient, clock: Clock): Promise<void> {
  const { places } = lab;
  await waitUntil(
    async () => {
      await refuseFailing(lab);
      return isReady(client);
    },
    { what: "the API server", patienceMs: API_PATIENCE_MS, clock, hint: hintOf(lab) },
  ).catch((error: unknown) => {
    const why = lastError(places, CONTROL_PLANE.name);
    throw why === undefined || !(error instanceof KubeError) ? error : AppError.wrap(why, error);
  });
}

async function isReady(client: KubeClient): Promise<boolean> {
  const signal = AbortSignal.timeout(ASK_PATIENCE_MS);
  try {
    return (await client.raw("GET", "/readyz", { signal })) === "ok";
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** A process that ends again and again has said why. */
async function refuseFailing({ places }: Lab): Promise<void> {
  const status = await askSupervisor(places.controlSocket, "status");
  for (const { name, restarts } of status?.processes ?? []) {
    const why = restarts >= MAX_RESTARTS ? lastError(places, name) : undefined;
    if (why !== undefined) throw new AppError("failing", `${name} does not start: ${why}`);
  }
}

function hintOf({ settings: { name } }: Lab): string {
  return `"cilium lab logs${name === "lab" ? "" : ` --name ${name}`}" shows what it is about`;
}

/** The three tiers, and the wait for their pods. */
export async function startDemo(lab: Lab, { clock, report }: Waiting): Promise<void> {
  const { settings } = lab;
  using client = clientOfLab(lab, clock);
  const [namespace, ...objects] = demoObjects(settings.index);
  if (namespace !== undefined) await applyObject(client, namespace);
  const account = { namespace: DEMO_NAMESPACE, name: "default" };
  await waitUntil(
    // Without it, no pod is let in; a controller makes it.
    async () => (await tryGet(client, RESOURCES.ServiceAccount, account)) !== undefined,
    {
      what: `the service account of namespace ${DEMO_NAMESPACE}`,
      patienceMs: POD_PATIENCE_MS,
      clock,
      hint: hintOf(lab),
    },
  );
  await applyObjects(client, objects);
  if (settings.cni === "none" || settings.nodes.every((node) => node.isStopped)) {
    report(`The demo in namespace ${DEMO_NAMESPACE} starts once nodes are ready`);
    return;
  }
  await waitUntil(
    async () => {
      const { items } = await client.list(RESOURCES.Pod, { namespace: DEMO_NAMESPACE });
      return items.length > 0 && items.every((pod) => hasCondition(pod, "Ready"));
    },
    {
      what: `the demo's pods in namespace ${DEMO_NAMESPACE}`,
      patienceMs: POD_PATIENCE_MS,
      clock,
      hint: `"kubectl -n ${DEMO_NAMESPACE} describe pods" shows what it is about`,
    },
  );
  report(`The demo runs in namespace ${DEMO_NAMESPACE}`);
}
