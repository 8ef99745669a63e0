/** Events: fields that they have also where there is nothing in them. */
import type { KubeObject } from "../../schema/types.ts";
import type { KindRules } from "./rules.ts";

export const eventRules: KindRules = {
  normalise: (object) => nameNothing(object, ["eventTime", "firstTimestamp", "lastTimestamp"]),
};

export const newEventRules: KindRules = {
  normalise: (object) => {
    nameNothing(object, ["eventTime", "deprecatedFirstTimestamp", "deprecatedLastTimestamp"]);
    object["deprecatedSource"] ??= {};
  },
};

function nameNothing(object: KubeObject, fields: readonly string[]): void {
  for (const field of fields) object[field] ??= null;
}
