import { type BackOff, goSeconds } from "../core/back-off.ts";
import { describePod, type Pod } from "../core/pod.ts";
import { type Tell, waitForImage } from "./pull.ts";
import type { ContainerRecord } from "./record.ts";

/** Says of a container that is not started yet what it waits for. */
export function waitForStart(
  record: ContainerRecord,
  pod: Pod,
  backOff: BackOff | undefined,
  nowMs: number,
  tell: Tell,
): void {
  if (record.shownUntil > nowMs) return;
  if (record.pullFailures > 0) {
    waitForImage(record, tell);
    return;
  }
  if (record.retryAt > nowMs || record.waiting?.reason === "CrashLoopBackOff") return;
  const { name } = record.container;
  const where = describePod(pod);
  record.waiting = {
    reason: "CrashLoopBackOff",
    message: `back-off ${goSeconds(backOff?.delayMs ?? 0)} restarting failed container=${name} pod=${where}`,
  };
  const message = `Back-off restarting failed container ${name} in pod ${where}`;
  tell(record, "Warning", "BackOff", message);
}
