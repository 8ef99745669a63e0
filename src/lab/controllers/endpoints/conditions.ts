import { isTerminating } from "../model/object.ts";
import { isReady, type Pod } from "../model/pod.ts";
import type { Service } from "../model/service.ts";

/**
 * Serving says that the pod is ready, also on its way out; ready that new connections may go there:
 * always, where the service publishes what is not ready.
 */
export function conditionsOf(
  service: Service,
  pod: Pod,
): { ready: boolean; serving: boolean; terminating: boolean } {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const isPublished = service.spec?.publishNotReadyAddresses === true;
  return { ready: isPublished || (serving && !terminating), serving, terminating };
}
