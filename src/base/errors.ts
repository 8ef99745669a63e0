/** Facts about an error for logs and machines: plain values only. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface AppErrorOptions {
  cause?: unknown;
  fields?: ErrorFields;
}

/**
 * An error that operation can bring: bad input, a missing feature, a failed system call.
 * Mistakes of the program itself are `assert` failures, never this.
 * The message says what failed and what to do; `code` is stable and is what callers test.
 */
export class AppError extends Error {
  override readonly name: string = "AppError";
  readonly code: string;
  readonly fields: ErrorFields;

  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
  }

  /** The same failure as a caller one level up tells it: `loading pod.bpf.o: no such map`. */
  static wrap(action: string, cause: unknown, fields?: ErrorFields): AppError {
    const message = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof AppError ? cause.code : "internal";
    return new AppError(code, `${action}: ${message}`, {
      cause,
      fields: { ...(cause instanceof AppError ? cause.fields : {}), ...fields },
    });
  }
}

/** Bytes or text from outside that are not what their format says. */
export class DecodeError extends AppError {
  override readonly name: string = "DecodeError";
  /** Where in the input, in bytes from its start. */
  readonly offset: number;

  constructor(message: string, offset: number, options: AppErrorOptions = {}) {
    super("decode", `${message} (at byte ${offset})`, {
      ...options,
      fields: { ...options.fields, offset },
    });
    this.offset = offset;
  }
}

/** A setting that cannot be: names its key. */
export class ConfigError extends AppError {
  override readonly name: string = "ConfigError";
  readonly key: string;

  constructor(key: string, message: string, options: AppErrorOptions = {}) {
    super("config", `${key}: ${message}`, { ...options, fields: { ...options.fields, key } });
    this.key = key;
  }
}

/** Something that this kernel or machine does not have. */
export class NotSupportedError extends AppError {
  override readonly name: string = "NotSupportedError";
  readonly feature: string;
  /** The first Linux that has it, where a kernel version is what is missing. */
  readonly minimumKernel: string | undefined;

  constructor(feature: string, minimumKernel?: string, options: AppErrorOptions = {}) {
    const needs = minimumKernel === undefined ? "" : `: it needs Linux ${minimumKernel} or later`;
    super("not-supported", `${feature} is not supported here${needs}`, {
      ...options,
      fields: { ...options.fields, feature, minimumKernel },
    });
    this.feature = feature;
    this.minimumKernel = minimumKernel;
  }
}
