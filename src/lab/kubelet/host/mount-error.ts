import { AppError } from "#base";

/** Something that a volume needs is missing: an event FailedMount, and another try. */
export class MountError extends AppError {
  override readonly name: string = "MountError";

  constructor(volume: string, reason: string) {
    super("mount", `MountVolume.SetUp failed for volume ${JSON.stringify(volume)} : ${reason}`);
  }
}
