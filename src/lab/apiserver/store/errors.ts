import { AppError, type AppErrorOptions } from "#base";

type StoreErrorCode =
  | "not-found"
  | "already-exists"
  /** The object is not at the revision that the writer expected. */
  | "conflict"
  /** A revision that the watch window no longer has, or a continue token of such: 410. */
  | "expired"
  /** A revision that is yet to come. */
  | "too-new"
  /** A continue token that is none of ours. */
  | "bad-token"
  | "too-large"
  /** The disk refused, or the store is closed; nothing was written. */
  | "unavailable";

/** What a store can answer instead of doing as told. */
export class StoreError extends AppError {
  override readonly name: string = "StoreError";
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options: AppErrorOptions = {}) {
    super(code, message, options);
  }
}
