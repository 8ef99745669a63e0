import { AsyncScope } from "#base";
import type { KubeClient } from "#kube";

import { daemonSetController } from "./daemon-set/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import {
  endpointSliceController,
  endpointsController,
  mirroringController,
} from "./endpoints/controller.ts";
import type { Api } from "./engine/api.ts";
import { Context } from "./engine/context.ts";
import { KubeApi } from "./engine/kube-api.ts";
import { GarbageCollector } from "./garbage/controller.ts";
import { namespaceController } from "./namespace/controller.ts";
import { nodeController } from "./node/controller.ts";
import { taintEvictionController } from "./node/eviction.ts";
import { type ControllerOptions, DEFAULTS } from "./options.ts";
import { podGcController } from "./pod-gc/pod-gc.ts";
import { replicaSetController } from "./replica-set/controller.ts";
import { scheduler } from "./scheduler/controller.ts";
import {
  rootCaPublisher,
  serviceAccountController,
  tokenController,
} from "./service-account/controller.ts";
import { unservedControllers } from "./unserved/unserved.ts";

interface Part extends AsyncDisposable {
  start(): void;
}

/** By the names that `disabled` goes by. */
const PARTS: Readonly<Record<string, (context: Context) => Part>> = {
  deployment: deploymentController,
  replicaset: replicaSetController,
  daemonset: daemonSetController,
  endpointslice: endpointSliceController,
  endpoints: endpointsController,
  "endpointslice-mirroring": mirroringController,
  namespace: namespaceController,
  serviceaccount: serviceAccountController,
  "serviceaccount-token": tokenController,
  "node-lifecycle": nodeController,
  "taint-eviction": taintEvictionController,
  disruption: disruptionController,
  "pod-gc": podGcController,
  scheduler,
  "garbage-collector": (context) => new GarbageCollector(context),
};

/**
 * Every controller and the scheduler, as clients of this API server; resolves when all have seen
 * the whole cluster once and are at work. The client stays the caller's, and is closed after them.
 */
export async function startControllers(
  client: KubeClient,
  options: Partial<ControllerOptions> = {},
): Promise<AsyncDisposable> {
  const settings = { ...DEFAULTS, ...options };
  const api = new KubeApi({ client, clock: settings.clock, logger: settings.logger });
  const scope = new AsyncScope();
  scope.use(api);
  try {
    scope.use(await startOn(api, settings));
    return scope.move();
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same over any implementation of the API. */
export async function startOn(api: Api, options: ControllerOptions): Promise<AsyncDisposable> {
  const scope = new AsyncScope();
  const context = scope.use(new Context(api, options));
  try {
    const parts: Part[] = Object.entries(PARTS)
      .filter(([name]) => !options.disabled.includes(name))
      .map(([, make]) => make(context));
    if (options.rootCa !== undefined) parts.push(rootCaPublisher(context, options.rootCa));
    if (!options.disabled.includes("unserved")) parts.push(...(await unservedControllers(context)));
    for (const part of parts) scope.use(part);
    await context.follow();
    for (const part of parts) part.start();
    return scope.move();
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    throw error;
  }
}
