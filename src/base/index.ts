/**
 * What every module stands on: errors, assertions, bytes, addresses, time, chance and lifetimes.
 *
 * Not here: anything that touches the machine (`sys`), and logging, which has a door of its own
 * (`#base/log`) because pure modules must not pull in Node.
 *
 * Invariants: no state at module level but the ledger of open resources, no `node:*`; everything
 * here runs in a browser too.
 */
export { assert, assertDefined, AssertionError, unreachable } from "./assert.ts";
export {
  AppError,
  type AppErrorOptions,
  ConfigError,
  DecodeError,
  type ErrorFields,
  NotSupportedError,
} from "./errors.ts";
export { openResources, type OpenResource } from "./leaks.ts";
export { Random } from "./random.ts";
