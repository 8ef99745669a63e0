import { AppError } from "#base";

/** A `Status` object as API servers answer it for a failure. */
export interface KubeStatus {
  code?: number;
  reason?: string;
  message?: string;
  details?: KubeErrorDetails;
}

export interface KubeErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** The reason of an error that no server answered: no connection, or one that broke. */
export const UNREACHABLE = "Unreachable";

/**
 * What an API server refused, in its own words; `reason` is what callers test: `NotFound`,
 * `AlreadyExists`, `Conflict`, `Invalid`, `Expired`, `Forbidden`, `Unreachable` …
 */
export class KubeError extends AppError {
  override readonly name: string = "KubeError";
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly reason: string;
  readonly details: KubeErrorDetails;

  constructor(status: number, answer: KubeStatus, cause?: unknown) {
    const reason = answer.reason ?? reasonOf(status);
    super("kube", answer.message ?? `the API server answered ${status} (${reason})`, {
      cause,
      fields: { status, reason },
    });
    this.status = status;
    this.reason = reason;
    this.details = answer.details ?? {};
  }

  /** Whether `error` is an API server's with this reason. */
  static is(error: unknown, reason: string): error is KubeError {
    return error instanceof KubeError && error.reason === reason;
  }
}

const REASONS: Readonly<Record<number, string>> = {
  0: UNREACHABLE,
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** Proxies and early failures answer with no Status: then the code has to do. */
function reasonOf(status: number): string {
  return REASONS[status] ?? "Unknown";
}
