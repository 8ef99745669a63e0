import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { ConfigError, DecodeError, FakeClock, IpAddress } from "#base";
import {
  createLogger,
  type LogFields,
  type LogFormat,
  type Logger,
  type LogLevel,
  type LogOptions,
  parseLogFormat,
  parseLogLevel,
  silentLogger,
} from "#base/log";
import { property } from "#test";

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
/** 2024-01-01T12:34:56.789Z */
const NOON_MS = 1_704_112_496_789;

function start(
  format: LogFormat,
  level: LogLevel = "trace",
  name = "agent",
): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  const clock = new FakeClock(NOON_MS);
  return { log: createLogger({ name, level, format, destination, clock }), lines };
}

/** What one record says as JSON, checked to be one line with no key twice. */
function jsonOf(fields: LogFields, write = (log: Logger) => log.info("message", fields)): unknown {
  const { log, lines } = start("json");
  write(log);
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? "");
}

test("a record in JSON", () => {
  const { log, lines } = start("json");
  log.info("pod attached", { pod: "default/web", slot: 7, isNew: true, reason: undefined });
  assert.deepEqual(lines, [
    '{"level":"info","time":"2024-01-01T12:34:56.789Z","logger":"agent","pod":"default/web",' +
      '"slot":7,"isNew":true,"msg":"pod attached"}\n',
  ]);
});

test("a record as text", () => {
  const { log, lines } = start("text");
  log.info("pod attached", { pod: "default/web", slot: 7, note: "two words" });
  log.error("gone");
  assert.deepEqual(lines, [
    '12:34:56.789 INFO  agent: pod attached pod=default/web slot=7 note="two words"\n',
    "12:34:56.789 ERROR agent: gone\n",
  ]);
});

test("a level lets itself and what is more important through", () => {
  for (const [index, level] of LEVELS.entries()) {
    const { log, lines } = start("json", level);
    for (const each of LEVELS) log[each](each);
    const written = lines.map((line) => (JSON.parse(line) as { level: string }).level);
    assert.deepEqual(written, LEVELS.slice(index), level);
    assert.deepEqual(
      LEVELS.filter((each) => log.isEnabled(each)),
      LEVELS.slice(index),
    );
    assert.equal(log.isEnabled("silent"), false);
  }
  const { log, lines } = start("json", "silent");
  for (const each of LEVELS) log[each](each);
  assert.deepEqual([lines, log.isEnabled("fatal")], [[], false]);
});

test("levels and formats that do not exist are refused by name", () => {
  assert.equal(parseLogLevel("warn"), "warn");
  assert.equal(parseLogFormat("text"), "text");
  const expected = 'log-level: "verbose" is none of trace, debug, info, warn, error, fatal, silent';
  assert.throws(
    () => parseLogLevel("verbose", "log-level"),
    (error) =>
      error instanceof ConfigError && error.key === "log-level" && error.message === expected,
  );
  for (const level of ["", "INFO", "info ", "30", "toString", 30, undefined]) {
    const options = { name: "agent", level, format: "json" } as LogOptions;
    assert.throws(() => createLogger(options), ConfigError, String(level));
  }
  const options = { name: "agent", level: "info", format: "xml" } as unknown as LogOptions;
  assert.throws(
    () => createLogger(options),
    (error) => error instanceof ConfigError && error.key === "format",
  );
});

test("children are named below their parent and keep its fields, nearer ones first", () => {
  const { log, lines } = start("text");
  const child = log.with({ node: "n1", pod: "a" }).child("ipam", { pod: "b" });
  assert.equal(child.name, "agent.ipam");
  child.info("given");
  child.with({ ip: "10.0.0.1" }).info("given", { pod: "c" });
  log.info("parent");
  assert.deepEqual(lines, [
    "12:34:56.789 INFO  agent.ipam: given node=n1 pod=b\n",
    "12:34:56.789 INFO  agent.ipam: given node=n1 pod=c ip=10.0.0.1\n",
    "12:34:56.789 INFO  agent: parent\n",
  ]);
});

test("no key occurs twice, not even those that every record has", () => {
  const { log, lines } = start("json");
  const fields = { level: 1, time: 2, logger: 3, msg: 4, name: "x", err: 5 };
  log.with(fields).info("message", fields);
  assert.equal(
    lines[0],
    '{"level":"info","time":"2024-01-01T12:34:56.789Z","logger":"agent","level_":1,"time_":2,' +
      '"logger_":3,"msg_":4,"name":"x","err":5,"msg":"message"}\n',
  );
});

test("values that JSON has no form for", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const record = jsonOf({
    id: 2n ** 64n - 1n,
    bytes: Uint8Array.of(0xde, 0xad),
    ip: IpAddress.parse("10.0.0.1"),
    none: undefined,
    call: () => 1,
    odd: Number.NaN,
    circle,
    broken: {
      toJSON(): never {
        throw new Error("no");
      },
    },
  }) as Record<string, unknown>;
  assert.equal(record["id"], "18446744073709551615");
  assert.equal(record["bytes"], "dead");
  assert.equal(record["ip"], "10.0.0.1");
  assert.ok(!("none" in record) && !("call" in record));
  assert.equal(record["odd"], null);
  assert.deepEqual(record["circle"], { self: "[Circular]" });
  assert.equal(record["msg"], "message");
});

test("an error is written with its code, fields and causes, under any key", () => {
  for (const key of ["error", "err", "reason"]) {
    const error = new DecodeError("bad header", 12, { cause: new RangeError("too far") });
    const record = jsonOf({ [key]: error }) as Record<string, Record<string, unknown>>;
    const { stack, ...cause } = (record[key]?.["cause"] ?? {}) as Record<string, unknown>;
    assert.match(String(stack), /RangeError: too far\n +at /);
    assert.deepEqual(
      { ...record[key], cause },
      {
        type: "DecodeError",
        code: "decode",
        message: "bad header (at byte 12)",
        fields: { offset: 12 },
        cause: { type: "RangeError", message: "too far" },
      },
      key,
    );
  }
});

test("a message is no format, and fields that look like a request are fields", () => {
  const { log, lines } = start("json");
  log.info("100%s %d %j %%", { method: "GET", headers: { a: 1 }, socket: "s", setHeader: "x" });
  const { msg, method, socket } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  assert.deepEqual([msg, method, socket], ["100%s %d %j %%", "GET", "s"]);
});

test("the silent logger says nothing, and neither do its children", () => {
  const child = silentLogger.child("part", { a: 1 }).with({ b: 2 });
  for (const level of LEVELS) {
    child[level]("message");
    assert.equal(child.isEnabled(level), false);
  }
});

test("without a destination, records go to standard error at once", () => {
  const program = `
    import { createLogger } from "#base/log";
    createLogger({ name: "agent", level: "info", format: "text" }).warn("first");
    createLogger({ name: "agent", level: "info", format: "json" }).warn("second");
    process.kill(process.pid, "SIGKILL");`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.equal(stdout, "");
  assert.match(stderr, /^\d\d:\d\d:\d\d\.\d{3} WARN {2}agent: first\n\{"level":"warn",.*\}\n$/);
});

const text = fc.string({
  unit: fc.oneof(
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\n", "\r", "\u2028", '"', "\\", "=", " ", "\u001b", "\0"),
  ),
  maxLength: 120,
});

property(
  "whatever stands in a record, it is one line that says it",
  fc.tuple(text, fc.dictionary(text, fc.oneof(text, fc.jsonValue(), fc.bigInt()))),
  ([message, fields]) => {
    for (const format of ["json", "text"] as const) {
      const { log, lines } = start(format);
      log.info(message, fields);
      assert.equal(lines.length, 1);
      const line = lines[0] ?? "";
      assert.equal(line.indexOf("\n"), line.length - 1);
      if (format === "json") assert.equal((JSON.parse(line) as { msg: string }).msg, message);
      // oxlint-disable-next-line no-control-regex
      else assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    }
  },
);
