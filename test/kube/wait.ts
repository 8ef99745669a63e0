import { AppError, type Clock } from "#base";
import { KubeError, type KubeObject } from "#kube";
import { FOLDER } from "./places.ts";

const POLL_MS = 100;

/** Asks until the answer is yes; an API server that does not answer, or has no such object, is a no. */
export async function waitFor(
  what: string,
  patienceMs: number,
  clock: Clock,
  condition: () => Promise<boolean>,
): Promise<void> {
  const endMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    const why = await refusal(condition);
    if (why === undefined) return;
    if (clock.monotonicMs() > endMs) {
      const seconds = Math.round(patienceMs / 1000);
      throw new AppError("timeout", `Waited ${seconds} s for ${what}${why}: see ${FOLDER}/*.log.`);
    }
    await clock.sleep(POLL_MS);
  }
}

/** Undefined for a yes. */
async function refusal(condition: () => Promise<boolean>): Promise<string | undefined> {
  try {
    return (await condition()) ? undefined : "";
  } catch (error) {
    if (error instanceof KubeError) return ` (${error.message})`;
    throw error;
  }
}

/** Whether the condition of this type is True. */
export function hasCondition(object: KubeObject, type: string): boolean {
  const { conditions } = Object(object["status"]) as {
    conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return conditions?.some((each) => each.type === type && each.status === "True") === true;
}
