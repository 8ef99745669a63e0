import { AppError } from "#base";
import type { FoundImage } from "../images/catalogue.ts";
import { findImage } from "../images/catalogue.ts";
import { pullPolicyOf } from "../images/reference.ts";
import type { KubeletContext } from "../context.ts";
import type { ContainerRecord } from "./record.ts";

const FIRST_RETRY_MS = 10_000;
const MOST_RETRY_MS = 300_000;
/** So long at least a failure is seen, before what is seen is that it waits. */
export const SHOWN_MS = 1_000;

/** Tells of a container of the pod. */
export type Tell = (
  record: ContainerRecord,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
) => void;

/** The image of a container, "pulled" as its policy says; undefined where it is not to be had. */
export function pullImage(
  record: ContainerRecord,
  { clock }: KubeletContext,
  tell: Tell,
): FoundImage | undefined {
  const { image, imagePullPolicy } = record.container;
  const policy = pullPolicyOf(image, imagePullPolicy);
  const quoted = JSON.stringify(image);
  try {
    const found = findImage(image);
    if (policy === "Always") {
      tell(record, "Normal", "Pulling", `Pulling image ${quoted}`);
      tell(
        record,
        "Normal",
        "Pulled",
        `Successfully pulled image ${quoted} in 1ms (1ms including waiting). Image size: 0 bytes.`,
      );
    } else {
      tell(
        record,
        "Normal",
        "Pulled",
        `Container image ${quoted} already present on machine and can be accessed by the pod`,
      );
    }
    record.pullFailures = 0;
    return found;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    fail(record, error, policy, clock.nowMs(), tell);
    return undefined;
  }
}

function fail(
  record: ContainerRecord,
  error: AppError,
  policy: string,
  nowMs: number,
  tell: Tell,
): void {
  const { image } = record.container;
  const quoted = JSON.stringify(image);
  record.retryAt = nowMs + Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** record.pullFailures);
  if (error.code === "image-name") {
    const message = `Failed to apply default image tag ${quoted}: ${error.message}`;
    record.waiting = { reason: "InvalidImageName", message };
    tell(record, "Warning", "InspectFailed", message);
    tell(record, "Warning", "Failed", `Error: InvalidImageName`);
    return;
  }
  if (policy === "Never") {
    const message = `Container image ${quoted} is not present with pull policy of Never`;
    record.waiting = { reason: "ErrImageNeverPull", message };
    tell(record, "Warning", "ErrImageNeverPull", message);
    tell(record, "Warning", "Failed", "Error: ErrImageNeverPull");
    return;
  }
  record.pullFailures += 1;
  record.shownUntil = nowMs + SHOWN_MS;
  record.pullMessage = error.message;
  record.waiting = { reason: "ErrImagePull", message: error.message };
  tell(record, "Normal", "Pulling", `Pulling image ${quoted}`);
  tell(record, "Warning", "Failed", `Failed to pull image ${quoted}: ${error.message}`);
  tell(record, "Warning", "Failed", "Error: ErrImagePull");
}

/** What a container waits for whose image was not to be had, until it is tried again. */
export function waitForImage(record: ContainerRecord, tell: Tell): void {
  if (record.waiting?.reason !== "ErrImagePull") return;
  const message = `Back-off pulling image ${JSON.stringify(record.container.image)}`;
  record.waiting = {
    reason: "ImagePullBackOff",
    message: `${message}: ErrImagePull: ${record.pullMessage}`,
  };
  tell(record, "Normal", "BackOff", message);
  tell(record, "Warning", "Failed", "Error: ImagePullBackOff");
}
