/** Empties namespaces that are to go: pods first, since they may need the rest while they end. */
import { isNotFound, messageOf } from "../engine/api.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { canAll, type Served } from "../engine/discovery.ts";
import { NOTHING_TO_DO, type Plan } from "../engine/operations.ts";
import { NAMESPACES } from "../engine/resources.ts";
import { itself } from "../workload/owners.ts";
import { isEnding, type Namespace, planEnding, type Remains } from "./plan.ts";

/** What is left is looked at again after so long: its deletion is not told to us. */
const LOOK_AGAIN_MS = 500;

export function namespaceController(context: Context): Controller {
  const namespaces = context.cache<Namespace>(NAMESPACES);
  return new Controller(context, {
    name: "namespace-controller",
    plan: async (key) => {
      const namespace = namespaces.get(key);
      if (namespace === undefined || !isEnding(namespace)) return NOTHING_TO_DO;
      return await empty(context, namespace);
    },
  }).on(namespaces, itself);
}

async function empty(context: Context, namespace: Namespace): Promise<Plan> {
  const served = (await context.discovery.served()).filter(
    (each) => each.isNamespaced && canAll(each, ["list", "delete"]),
  );
  const isPods = ({ group, plural }: Served): boolean => group === "" && plural === "pods";
  const errors: string[] = [];
  const remains: Remains[] = [];
  const { name } = namespace.metadata;
  for (const resources of [served.filter(isPods), served.filter((each) => !isPods(each))]) {
    const outcomes = await Promise.all(
      resources.map((resource) => emptyResource(context, resource, name, errors)),
    );
    remains.push(...outcomes);
    if (errors.length > 0 || outcomes.some(({ count }) => count > 0)) break;
  }
  const operations = planEnding({ namespace, remains, errors, nowMs: context.clock.nowMs() });
  return { operations, againInMs: LOOK_AGAIN_MS };
}

async function emptyResource(
  { api }: Context,
  resource: Served,
  namespace: string,
  errors: string[],
): Promise<Remains> {
  const name = `${resource.plural}.${resource.group}`;
  try {
    const before = await api.list(resource, namespace);
    if (before.length === 0) return { resource: name, count: 0, finalizers: [] };
    await api.deleteAll(resource, namespace);
    const left = await api.list(resource, namespace);
    const finalizers = left.flatMap(({ metadata }) => metadata.finalizers ?? []);
    return { resource: name, count: left.length, finalizers };
  } catch (error) {
    // A CRD that went meanwhile took its objects with it.
    if (!isNotFound(error)) errors.push(messageOf(error));
    return { resource: name, count: 0, finalizers: [] };
  }
}
