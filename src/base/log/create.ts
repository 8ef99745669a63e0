import { pino } from "pino";
import { assert, systemClock, toHex } from "#base";
import { describeError } from "./error-record.ts";
import type { Logger, LogFields } from "./logger.ts";
import {
  type LogDestination,
  type LogLevel,
  type LogOptions,
  parseLogFormat,
  parseLogLevel,
} from "./options.ts";
import { formatText } from "./text-format.ts";

/** What every record has; fields of these names get an underscore after them. */
const RESERVED = new Set(["level", "time", "logger", "msg"]);
const STANDARD_ERROR = 2;

/** A level or format that does not exist is a ConfigError. */
export function createLogger(options: LogOptions): Logger {
  const level = parseLogLevel(options.level);
  const format = parseLogFormat(options.format);
  assert(options.name !== "", "a logger has a name");
  const clock = options.clock ?? systemClock;
  const destination = options.destination ?? pino.destination({ dest: STANDARD_ERROR, sync: true });
  const writer = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (holder) => (holder as unknown as RecordHolder).record,
      },
      // Its own would take what plainValue has made of an error for one.
      serializers: { err: (value: unknown) => value },
    },
    format === "json" ? destination : asText(destination),
  );
  return new PinoLogger(writer, options.name, {});
}

function asText(destination: LogDestination): LogDestination {
  return { write: (line) => destination.write(`${formatText(line)}\n`) };
}

/** Hides the record from pino, which mangles what looks to it like a request of Node's server. */
interface RecordHolder {
  record: Record<string, unknown>;
}

/** Merges fields itself: pino's children repeat a key that child and record both have. */
class PinoLogger implements Logger {
  readonly name: string;
  readonly #writer: pino.Logger;
  readonly #fields: LogFields;

  constructor(writer: pino.Logger, name: string, fields: LogFields) {
    this.name = name;
    this.#writer = writer;
    this.#fields = fields;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  fatal(message: string, fields?: LogFields): void {
    this.#write("fatal", message, fields);
  }

  isEnabled(level: LogLevel): boolean {
    return level !== "silent" && this.#writer.isLevelEnabled(level);
  }

  child(name: string, fields: LogFields = {}): Logger {
    return new PinoLogger(this.#writer, `${this.name}.${name}`, { ...this.#fields, ...fields });
  }

  with(fields: LogFields): Logger {
    return new PinoLogger(this.#writer, this.name, { ...this.#fields, ...fields });
  }

  #write(level: Exclude<LogLevel, "silent">, message: string, fields?: LogFields): void {
    if (!this.#writer.isLevelEnabled(level)) return;
    const record: Record<string, unknown> = { logger: this.name };
    for (const [key, value] of Object.entries({ ...this.#fields, ...fields })) {
      record[RESERVED.has(key) ? `${key}_` : key] = plainValue(value);
    }
    const holder: RecordHolder = { record };
    this.#writer[level](holder, message);
  }
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return toHex(value);
  return value;
}
