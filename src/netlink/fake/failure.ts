import { constants } from "node:os";
import { assertDefined } from "#base";

export type ErrnoName = keyof typeof constants.errno;

/** A change that the kernel would refuse. */
export class Refusal extends Error {
  readonly errno: number;

  constructor(errnoName: ErrnoName) {
    super(errnoName);
    this.errno = assertDefined(constants.errno[errnoName], `${errnoName} is no errno`);
  }
}

export function refuse(errnoName: ErrnoName): never {
  throw new Refusal(errnoName);
}
