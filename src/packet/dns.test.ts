import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, DecodeError, fromHex, toHex } from "#base";
import { decodeDns, decodePacket, encodeLayers, MAX_DNS_QUESTIONS, packet } from "#packet";
import { property } from "#test";

const FIXED = "000701000001000000000000";
const TAIL = "00010001";

function nameOf(hex: string): string | undefined {
  return decodeDns(fromHex(`${FIXED}${hex}${TAIL}`)).questions[0]?.name;
}

function queryHex(name: string): string {
  return toHex(encodeLayers([{ kind: "dns", id: 7, questions: [{ name }] }]));
}

test("names are as in zone files", () => {
  const names: [string, string][] = [
    ["00", "."],
    ["036170690673747269706503636f6d00", "api.stripe.com."],
    ["03412e6200", "A\\.b."],
    ["045c0920ff00", "\\\\\\009\\032\\255."],
    ["04ff61c3a900", "\\255a\\195\\169."],
    ["0331323300", "123."],
  ];

  for (const [hex, name] of names) {
    assert.equal(nameOf(hex), name);
    assert.equal(queryHex(name), `${FIXED}${hex}${TAIL}`);
  }
  assert.equal(queryHex("api.stripe.com"), queryHex("api.stripe.com."));
  assert.equal(queryHex(""), queryHex("."));
  assert.equal(queryHex("\\a.b"), queryHex("a.b"));
});

test("a message in all its fields", () => {
  const fields = {
    id: 0xffff,
    isResponse: true,
    opcode: 5,
    isAuthoritative: true,
    isTruncated: true,
    recursionDesired: false,
    recursionAvailable: true,
    reserved: 1,
    authenticData: true,
    checkingDisabled: true,
    responseCode: 3,
    questionCount: 1,
    answerCount: 2,
    authorityCount: 3,
    additionalCount: 4,
    questions: [{ name: "a.", type: 28, class: 3 }],
  };
  const bytes = encodeLayers([{ kind: "dns", ...fields }]);
  assert.equal(toHex(bytes), "ffffaef30001000200030004016100001c0003");
  assert.deepEqual(decodeDns(bytes), { kind: "dns", ...fields });
});

test("each flag has its bit", () => {
  const flags = {
    isResponse: 0x8000,
    isAuthoritative: 0x400,
    isTruncated: 0x200,
    recursionDesired: 0x100,
    recursionAvailable: 0x80,
    authenticData: 0x20,
    checkingDisabled: 0x10,
  };
  for (const [name, bit] of Object.entries(flags)) {
    const draft = { kind: "dns", recursionDesired: false, [name]: true } as const;
    const hex = toHex(encodeLayers([draft]).subarray(2, 4));
    assert.equal(Number.parseInt(hex, 16), bit, name);
  }
});

test("pointers lead backwards, and a question after one is found", () => {
  const two = FIXED.replace("0001000000000000", "0002000000000000");
  const hex = `${two}0161036e657400${TAIL}0162c00e${TAIL}`;
  const names = decodeDns(fromHex(hex)).questions.map(({ name }) => name);
  assert.deepEqual(names, ["a.net.", "b.net."]);
});

test("a name that is wrong is refused with its place", () => {
  const wrong: [string, RegExp, number][] = [
    ["c00c", /points to 12/, 12],
    ["0161c00c", /points to 12/, 14],
    ["c000", /points to 0/, 12],
    ["ffff", /points to 16383/, 12],
    ["4061", /label of unknown form/, 12],
    ["8061", /label of unknown form/, 12],
    ["3f".padEnd(40, "61"), /goes on after the end/, 32],
    [`${`3f${"61".repeat(63)}`.repeat(4)}00`, /more than 255 bytes/, 204],
  ];
  for (const [hex, message, offset] of wrong) {
    const bytes = fromHex(`${FIXED}${hex}`);
    assert.throws(
      () => decodeDns(bytes),
      (error) =>
        error instanceof DecodeError && message.test(error.message) && error.offset === offset,
      hex,
    );
  }
  assert.throws(() => decodeDns(fromHex(FIXED)), /goes on after the end/);
  assert.throws(() => decodeDns(fromHex(`${FIXED}00`)), /4 bytes of DNS question needed/);
  assert.throws(() => decodeDns(new Uint8Array(11)), /12 bytes of DNS header needed, 11 left/);
});

test("two pointers that lead to one another are no loop", () => {
  const two = FIXED.replace("0001000000000000", "0002000000000000");
  assert.throws(() => decodeDns(fromHex(`${two}0161c013${TAIL}c00c${TAIL}`)), /points to 19/);
});

/**
 * Three questions whose labels hold pointers, each to the one before and the first to the first
 * name, and a fourth that comes to that name by so many pointers.
 */
function chained(pointers: number): Uint8Array {
  const label = `3e${"00".repeat(62)}`;
  const holder = `${label.repeat(3)}00${TAIL}`;
  const header = FIXED.replace("0001000000000000", "0004000000000000");
  const bytes = fromHex(`${header}${holder.repeat(3)}0000${TAIL}`);
  const view = new DataView(bytes.buffer);
  const places = [0, 1, 2].flatMap((question) =>
    [0, 1, 2].flatMap((part) =>
      Array.from({ length: 31 }, (_, index) => 12 + question * 194 + part * 63 + 1 + index * 2),
    ),
  );
  let target = 12;
  for (const place of [...places.slice(0, pointers - 1), bytes.length - 6]) {
    view.setUint16(place, 0xc000 | target);
    target = place;
  }
  return bytes;
}

test("a long chain of pointers ends", () => {
  const { questions } = decodeDns(chained(127));
  assert.equal(questions[3]?.name, questions[0]?.name);
  assert.throws(() => decodeDns(chained(128)), /more than 127 pointers/);
});

test("a name of 255 bytes is the longest", () => {
  const longest = [63, 63, 63, 61].map((size) => toHex(new Uint8Array(size + 1).fill(size)));
  const text = nameOf(`${longest.join("")}00`);
  assert.equal(text?.length, 254);
  assert.equal(queryHex(text), `${FIXED}${longest.join("")}00${TAIL}`);
});

test("the number of questions has a limit", () => {
  const questions = Array.from({ length: MAX_DNS_QUESTIONS }, () => ({ name: "a." }));
  assert.equal(decodeDns(encodeLayers([{ kind: "dns", questions }])).questions.length, 32);
  const more = [...questions, { name: "a." }];
  const bytes = encodeLayers([{ kind: "dns", questions: more }]);
  assert.throws(() => decodeDns(bytes), /33 questions in a DNS message \(at byte 4\)/);
});

test("what is no DNS message is payload, at port 53 too", () => {
  const bytes = packet()
    .ipv4({ source: "10.0.0.1", destination: "10.0.0.2" })
    .udp({ sourcePort: 53, destinationPort: 1 })
    .payload(fromHex(FIXED))
    .build();
  const decoded = decodePacket(bytes, { from: "ip" });
  assert.equal(decoded.layer("dns"), undefined);
  assert.equal(toHex(decoded.payload), FIXED);
});

test("names that cannot be written are slips", () => {
  for (const name of ["a..b", ".a", "x".repeat(64), "é", "\\256.", "abc.".repeat(64)]) {
    assert.throws(() => queryHex(name), AssertionError, name);
  }
});

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });

property("any name reads back", fc.array(label, { maxLength: 10 }), (labels) => {
  const hex = `${labels.map((bytes) => toHex(Uint8Array.of(bytes.length, ...bytes))).join("")}00`;
  const name = nameOf(hex);
  assert.ok(name !== undefined);
  assert.match(name, /^[!-~]+$/);
  assert.equal(queryHex(name), `${FIXED}${hex}${TAIL}`);
});
