import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, DecodeError } from "#base";
import { describeError } from "./error-record.ts";
import { formatText } from "./text-format.ts";

/** The fields of a record as they are shown. */
function shown(fields: Record<string, unknown>): string {
  const record = { time: "2024-01-01T01:02:03.004Z", level: "info", logger: "a", msg: "m" };
  const line = formatText(JSON.stringify({ ...record, ...fields }));
  const start = "01:02:03.004 INFO  a: m";
  assert.ok(line.startsWith(start), line);
  return line.slice(start.length + 1);
}

test("values are bare where that is clear, else in quotes", () => {
  assert.equal(
    shown({ a: "plain/text:1", b: 1.5, c: true, d: null }),
    "a=plain/text:1 b=1.5 c=true d=null",
  );
  assert.equal(
    shown({ a: "", b: "two words", c: 'a"b', d: "a=b", e: "a\\b" }),
    'a="" b="two words" c="a\\"b" d="a=b" e="a\\\\b"',
  );
  assert.equal(shown({ a: [1, "x y"], b: { c: 1 } }), 'a=[1,"x y"] b={"c":1}');
  assert.equal(
    shown({ "a b": 1, "c=d": 2, "": 3, "e.f-g/h_1": 4 }),
    '"a b"=1 "c=d"=2 ""=3 e.f-g/h_1=4',
  );
});

test("nothing breaks the line or reaches the terminal as a command", () => {
  assert.equal(shown({ a: "x\ny=1", b: "\u001b[2J" }), 'a="x\\ny=1" b=\\u001b[2J');
  assert.equal(shown({ "k\nk": "\u2028\u202e" }), '"k\\nk"="\\u2028\\u202e"');
});

test("of an error, people read the message, the code and the fields", () => {
  const cause = new DecodeError("bad header", 12);
  const error = AppError.wrap("reading pod.bpf.o", cause, { path: "/a b" });
  assert.equal(
    shown({ error: describeError(error) }),
    'error="reading pod.bpf.o: bad header (at byte 12)" error.code=decode error.offset=12 ' +
      'error.path="/a b"',
  );
});

test("of a mistake, they read where it was made; of a cause, what the message leaves out", () => {
  const error = new AppError("internal", "it failed", { cause: new TypeError("x is undefined") });
  const line = shown({ error: describeError(error) });
  const expected =
    /^error="it failed" error.code=internal error.cause="x is undefined" error.cause.at=/;
  assert.match(line, expected);
  assert.match(line, /text-format\.test\.ts:\d+:\d+\)?"?$/);
});

test("gathered errors are told apart by their place", () => {
  const gathered = new AggregateError([new AppError("a", "one"), new AppError("b", "two")], "both");
  delete gathered.stack;
  assert.equal(
    shown({ error: describeError(gathered) }),
    "error=both error.0=one error.0.code=a error.1=two error.1.code=b",
  );
});

test("objects that are no errors are shown whole", () => {
  assert.equal(shown({ event: { type: "add", count: 1 } }), 'event={"type":"add","count":1}');
});
