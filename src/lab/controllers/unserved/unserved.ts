/**
 * Kinds that the lab stores and serves, and that nothing acts on: an event on each object says so,
 * or people would wait for what never comes.
 */
import { type Resource, RESOURCES } from "#kube";

import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO, type Plan, warning } from "../engine/operations.ts";
import { CLAIMS } from "../engine/resources.ts";
import { type ApiObject, isTerminating } from "../model/object.ts";

interface Unserved {
  readonly resource: Resource;
  /** What would have happened elsewhere. */
  readonly missing: string;
}

const UNSERVED: readonly Unserved[] = [
  { resource: RESOURCES.StatefulSet, missing: "makes its pods" },
  { resource: RESOURCES.Job, missing: "makes its pods" },
  { resource: RESOURCES.CronJob, missing: "makes its jobs" },
  { resource: RESOURCES.Ingress, missing: "routes its traffic" },
  { resource: RESOURCES.HorizontalPodAutoscaler, missing: "scales its target" },
  { resource: CLAIMS, missing: "binds it to a volume" },
];

function planUnserved(object: ApiObject | undefined, missing: string): Plan {
  if (object === undefined || isTerminating(object)) return NOTHING_TO_DO;
  const message = `This cluster has no controller for kind ${object.kind}: it is stored and served, and nothing ${missing}.`;
  const event = warning("NoController", message);
  return { operations: [{ verb: "event", about: object, event }] };
}

/** For those of the kinds that the server has. */
export async function unservedControllers(context: Context): Promise<Controller[]> {
  const served = await context.discovery.served();
  return UNSERVED.filter(({ resource }) =>
    served.some(({ group, plural }) => group === resource.group && plural === resource.plural),
  ).map(({ resource, missing }) => {
    const objects = context.cache<ApiObject>(resource);
    return new Controller(context, {
      name: "ciliate-lab",
      workers: 1,
      plan: (key) => planUnserved(objects.get(key), missing),
    }).on(objects, ({ before, after }) =>
      // Once for each object; it is not told again when it changes.
      after !== undefined && before === undefined
        ? [`${after.metadata.namespace ?? ""}/${after.metadata.name}`]
        : [],
    );
  });
}
