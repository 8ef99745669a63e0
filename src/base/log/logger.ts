import type { LogLevel } from "./options.ts";

/**
 * What goes beside the message. Errors, under any key, are written with their code, fields and
 * causes; numbers of type bigint as text, bytes as hexadecimal digits; what is undefined, not at
 * all.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** The message is constant text in lower case; what varies stands in the fields. */
export interface Logger {
  readonly name: string;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** Whether records of this level are written: ask where the fields are costly to gather. */
  isEnabled(level: LogLevel): boolean;
  /** A logger for a part of what this one is for: "agent" has the child "agent.ipam". */
  child(name: string, fields?: LogFields): Logger;
  /** The same logger with fields that each of its records has; a record's own come first. */
  with(fields: LogFields): Logger;
}

function nothing(): void {}

/** Writes nothing: for tests, and wherever a logger is optional. */
export const silentLogger: Logger = {
  name: "silent",
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  isEnabled: () => false,
  child: () => silentLogger,
  with: () => silentLogger,
};
