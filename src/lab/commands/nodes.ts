/** Nodes that come, go, and have trouble, while the lab runs. */
import { AppError, type Clock } from "#base";
import { KubeError, RESOURCES } from "#kube";
import { hasCondition, tryGet, waitUntil } from "../objects/objects.ts";
import { checkHost, needNode, newNode } from "../state/settings.ts";
import {
  type LabSettings,
  MAX_DELAY_MS,
  MAX_HOSTS,
  MAX_NODES,
  type NodeSettings,
  type NodeTrouble,
} from "../state/settings-types.ts";
import { changeSettings, clientOfLab, openLab } from "./access.ts";

const NODE_PATIENCE_MS = 60_000;

/** Answers the new node's name, once it is ready. */
export async function addNode(name: string, clock: Clock): Promise<string> {
  let added = "";
  const status = await changeSettings(
    name,
    (settings) => {
      const used = new Set(settings.nodes.map(({ index }) => index));
      const index = Array.from({ length: MAX_NODES }, (_, place) => place + 1).find(
        (each) => !used.has(each),
      );
      if (index === undefined) throw new AppError("nodes", `A lab has up to ${MAX_NODES} nodes.`);
      const node = newNode(index);
      added = node.name;
      return { ...settings, nodes: [...settings.nodes, node] };
    },
    clock,
  );
  refuseProblems(status.problems, added);
  await waitForNode(name, added, clock);
  return added;
}

/** Stopped as if its plug were pulled; started again with the same disk. */
export async function setNodeStopped(
  name: string,
  node: string,
  isStopped: boolean,
  clock: Clock,
): Promise<void> {
  await changeNode(name, node, (each) => ({ ...each, isStopped }), clock);
  if (!isStopped) await waitForNode(name, node, clock);
}

export async function setNodeTrouble(
  name: string,
  node: string,
  trouble: Partial<NodeTrouble>,
  clock: Clock,
): Promise<void> {
  const { delayMs = 0, jitterMs = 0, lossPercent = 0 } = trouble;
  const isMeant =
    [delayMs, jitterMs, lossPercent].every((value) => Number.isInteger(value) && value >= 0) &&
    jitterMs <= delayMs &&
    delayMs <= MAX_DELAY_MS &&
    lossPercent <= 100;
  if (!isMeant) {
    throw new AppError(
      "trouble",
      `A delay is 0 to ${MAX_DELAY_MS} ms, jitter at most as much, and loss 0 to 100 percent.`,
    );
  }
  const change = (each: NodeSettings): NodeSettings => ({
    ...each,
    trouble: { ...each.trouble, ...trouble },
  });
  await changeNode(name, node, change, clock);
}

/** Out of the lab and of the cluster, with its disk. */
export async function removeNodeOfLab(name: string, node: string, clock: Clock): Promise<void> {
  const status = await changeSettings(
    name,
    (settings) => {
      needNode(settings, node);
      return { ...settings, nodes: settings.nodes.filter((each) => each.name !== node) };
    },
    clock,
  );
  refuseProblems(status.problems, node);
  using client = clientOfLab(openLab(name), clock);
  await client.delete(RESOURCES.Node, { name: node }).catch((error: unknown) => {
    if (!KubeError.is(error, "NotFound")) throw error;
  });
}

/** Host names that the little internet answers for from now on. */
export async function addInternetHosts(
  name: string,
  hosts: readonly string[],
  clock: Clock,
): Promise<void> {
  const names = hosts.map(checkHost);
  const status = await changeSettings(
    name,
    (settings) => {
      if (!settings.values.internet) {
        throw new AppError("internet", `Lab ${name} has no little internet (internet=false).`);
      }
      const all = [...new Set([...settings.internetHosts, ...names])];
      if (all.length > MAX_HOSTS) {
        throw new AppError("limit", `The little internet has up to ${MAX_HOSTS} hosts of yours.`);
      }
      return { ...settings, internetHosts: all };
    },
    clock,
  );
  refuseProblems(status.problems, "internet");
}

async function changeNode(
  name: string,
  node: string,
  change: (node: NodeSettings) => NodeSettings,
  clock: Clock,
): Promise<void> {
  const status = await changeSettings(
    name,
    (settings): LabSettings => {
      needNode(settings, node);
      const nodes = settings.nodes.map((each) => (each.name === node ? change(each) : each));
      return { ...settings, nodes };
    },
    clock,
  );
  refuseProblems(status.problems, node);
}

/** What could not be brought about, where it is about what was asked. */
function refuseProblems(problems: readonly string[], what: string): void {
  const told = problems.filter((problem) => problem.includes(what));
  if (told.length > 0) throw new AppError("problem", told.join("; "));
}

async function waitForNode(name: string, node: string, clock: Clock): Promise<void> {
  const lab = openLab(name);
  using client = clientOfLab(lab, clock);
  await waitUntil(
    async () => {
      const found = await tryGet(client, RESOURCES.Node, { name: node });
      return found !== undefined && (lab.settings.cni === "none" || hasCondition(found, "Ready"));
    },
    {
      what: `node ${node} to be ready`,
      patienceMs: NODE_PATIENCE_MS,
      clock,
      hint: `"cilium lab logs kubelet-${node} --name ${name}" shows what it is about`,
    },
  );
}
