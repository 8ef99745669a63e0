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
export { ByteReader } from "./byte-reader.ts";
export { ByteWriter, type ByteWriterOptions } from "./byte-writer.ts";
export { bytesEqual, compareBytes, fromHex, toHex } from "./bytes.ts";
export { Cidr } from "./cidr.ts";
export { type Clock, FakeClock, systemClock } from "./clock.ts";
export {
  AppError,
  type AppErrorOptions,
  ConfigError,
  DecodeError,
  type ErrorFields,
  NotSupportedError,
} from "./errors.ts";
export { IpAddress, type IpFamily } from "./ip.ts";
export { openResources, type OpenResource } from "./leaks.ts";
export { MacAddress } from "./mac.ts";
export { BoundedQueue, type BoundedQueueOptions } from "./queue.ts";
export { Random } from "./random.ts";
export { Backoff, type BackoffOptions, retry, type RetryOptions } from "./retry.ts";
export { AsyncScope, Scope } from "./scope.ts";
export { escapeControls, quote } from "./text.ts";
export { tryEach } from "./try-each.ts";
