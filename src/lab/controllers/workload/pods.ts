/** What is done to an owner's pods, and what the owner's events then say. */
import { normal, type Operation, warning } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import type { ApiObject } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";

export function createPod(owner: ApiObject, object: Pod): Operation {
  return {
    verb: "create",
    resource: PODS,
    object,
    note: {
      about: owner,
      done: normal("SuccessfulCreate", "Created pod: {name}"),
      failed: warning("FailedCreate", "Error creating: {error}"),
    },
  };
}

export function deletePod(owner: ApiObject, target: Pod): Operation {
  return {
    verb: "delete",
    resource: PODS,
    target,
    note: {
      about: owner,
      done: normal("SuccessfulDelete", "Deleted pod: {name}"),
      failed: warning("FailedDelete", "Error deleting: {error}"),
    },
  };
}
