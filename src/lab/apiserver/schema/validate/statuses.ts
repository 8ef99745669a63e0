/** Statuses that count: their numbers cannot be less than nothing, nor more than there is. */
import type { View } from "./view.ts";

interface Counts {
  /** In the order in which the API server looks at them. */
  readonly numbers: readonly string[];
  /** At most `replicas`. */
  readonly parts: readonly string[];
  /** How messages name what there may be no more available ones than. */
  readonly ready?: string;
}

const COUNTS: Readonly<Record<string, Counts>> = {
  deployments: {
    numbers: [
      "observedGeneration",
      "replicas",
      "updatedReplicas",
      "readyReplicas",
      "availableReplicas",
      "unavailableReplicas",
      "terminatingReplicas",
      "collisionCount",
    ],
    parts: ["updatedReplicas", "readyReplicas", "availableReplicas"],
    ready: "readyReplicas",
  },
  replicasets: {
    numbers: [
      "replicas",
      "fullyLabeledReplicas",
      "readyReplicas",
      "availableReplicas",
      "observedGeneration",
      "terminatingReplicas",
    ],
    parts: ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
    ready: "readyReplicas",
  },
  statefulsets: {
    numbers: [
      "replicas",
      "readyReplicas",
      "currentReplicas",
      "updatedReplicas",
      "availableReplicas",
      "observedGeneration",
      "collisionCount",
    ],
    parts: ["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
    ready: "status.readyReplicas",
  },
  daemonsets: {
    numbers: [
      "currentNumberScheduled",
      "numberMisscheduled",
      "desiredNumberScheduled",
      "numberReady",
      "observedGeneration",
      "updatedNumberScheduled",
      "numberAvailable",
      "numberUnavailable",
      "collisionCount",
    ],
    parts: [],
  },
};

type Check = (object: View, old: View) => void;

export const countedStatus =
  (plural: string): Check =>
  (object: View, old: View) => {
    const { numbers, parts, ready } = COUNTS[plural] ?? { numbers: [], parts: [] };
    const status = object.at("status");
    for (const key of numbers) status.at(key).notNegative();
    const replicas = status.at("replicas").number;
    for (const key of parts) {
      const part = status.at(key);
      if (part.number > replicas) part.invalid("cannot be greater than status.replicas");
    }
    const available = status.at("availableReplicas");
    if (ready !== undefined && available.number > status.at("readyReplicas").number) {
      available.invalid(`cannot be greater than ${ready}`);
    }
    const [collisions, before] = [status.at("collisionCount"), old.at("status", "collisionCount")];
    if (before.isThere && collisions.number < before.number) {
      collisions.invalid("cannot be decremented", collisions.number);
    }
  };
