/**
 * Logging: one line a record, as JSON for machines or as text for people, by pino.
 *
 * Not a part of `#base`, because it needs Node: pure modules take no logger; the modules around
 * them log what they answer. `import type { Logger }` is free of that.
 *
 * Invariants: a record is one line, whatever stands in its message and fields; no key occurs
 * twice; what is logged is plain data, and the process neither stops nor fails over it.
 */
export { createLogger } from "./create.ts";
export { type Logger, type LogFields, silentLogger } from "./logger.ts";
export {
  type LogDestination,
  type LogFormat,
  type LogLevel,
  type LogOptions,
  parseLogFormat,
  parseLogLevel,
} from "./options.ts";
