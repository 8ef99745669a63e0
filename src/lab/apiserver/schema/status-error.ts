import { AppError } from "#base";
import type { Cause } from "./types.ts";

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  /** Not all of them are of a field. */
  readonly causes?: readonly (Omit<Cause, "field"> & { readonly field?: string })[];
  readonly retryAfterSeconds?: number;
}

/** What a request is answered with when it fails: becomes an object of kind Status. */
export class StatusError extends AppError {
  override readonly name: string = "StatusError";
  /** The HTTP status. */
  readonly status: number;
  /** BadRequest, Invalid, Conflict, NotFound, … */
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(status: number, reason: string, message: string, details?: StatusDetails) {
    super(`status-${status}`, message, { fields: { reason } });
    this.status = status;
    this.reason = reason;
    this.details = details;
  }
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

/** 422 with causes, in the words in which the API server joins them. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly Cause[],
): StatusError {
  const texts = causes.map(({ field, message }) =>
    field === "" ? message : `${field}: ${message}`,
  );
  const told = [...new Set(texts)];
  const whole = told.length === 1 ? told[0] : `[${told.join(", ")}]`;
  const qualified = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  return new StatusError(
    422,
    "Invalid",
    `${qualified} ${JSON.stringify(name)} is invalid: ${whole}`,
    {
      ...(name === "" ? {} : { name }),
      ...(kind.group === "" ? {} : { group: kind.group }),
      ...(kind.kind === "" ? {} : { kind: kind.kind }),
      causes,
    },
  );
}
