import { type Clock, ConfigError, quote } from "#base";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const FORMATS = ["json", "text"] as const;

/** From the least to the most important; "silent" lets nothing through. */
export type LogLevel = (typeof LEVELS)[number];
export type LogFormat = (typeof FORMATS)[number];

/** Gets whole lines, each with its line end. Borrowed: whoever made it closes it. */
export interface LogDestination {
  write(line: string): void;
}

export interface LogOptions {
  /** What logs: the program or module. */
  name: string;
  /** The least important level that is written. */
  level: LogLevel;
  format: LogFormat;
  /** Standard error, written to at once, without it: standard output is for results. */
  destination?: LogDestination;
  /** Stamps the records; the machine's clock without it. */
  clock?: Clock;
}

/** The level of this name; a ConfigError for `key` if there is none. */
export function parseLogLevel(text: string, key = "level"): LogLevel {
  return oneOf(LEVELS, text, key);
}

/** The format of this name; a ConfigError for `key` if there is none. */
export function parseLogFormat(text: string, key = "format"): LogFormat {
  return oneOf(FORMATS, text, key);
}

function oneOf<T extends string>(known: readonly T[], text: unknown, key: string): T {
  const found = known.find((each) => each === text);
  if (found !== undefined) return found;
  const given = typeof text === "string" ? quote(text) : `something of type ${typeof text}`;
  throw new ConfigError(key, `${given} is none of ${known.join(", ")}`);
}
