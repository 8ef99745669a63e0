import assert from "node:assert/strict";
import { openSync } from "node:fs";
import { test } from "node:test";
import { AppError } from "#base";
import type { Syscalls } from "#sys";
import { Batch } from "../change.ts";
import { netlinkOver } from "../backend.ts";
import { MessageFlag, RTM } from "../codec/wire.ts";
import { MessageWriter } from "../codec/writer.ts";
import type { Netlink } from "../types.ts";
import { KernelBackend } from "./kernel.ts";
import { NetlinkProtocol, NetlinkSocket } from "./socket.ts";

// A kernel that answers as it is told to: for what a real one does once in a year.

const AGAIN = -11;
const INTERRUPTED = -4;
const NO_BUFFERS = -105;

interface Asked {
  type: number;
  flags: number;
  sequence: number;
}

type Answer = Uint8Array | number;

/** What it answers to each request, as datagrams or errors of recv(2), in order. */
type Script = (asked: Asked, call: number) => Answer[];

interface Scripted {
  netlink: Netlink;
  asked: Asked[];
}

function scripted(script: Script): Scripted & Disposable {
  const asked: Asked[] = [];
  const answers: Answer[] = [];
  const take = (bytes: Uint8Array): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
      const request = {
        type: view.getUint16(at + 4, true),
        flags: view.getUint16(at + 6, true),
        sequence: view.getUint32(at + 8, true),
      };
      asked.push(request);
      answers.push(...script(request, asked.length));
    }
    return bytes.length;
  };
  const syscalls: Partial<Syscalls> = {
    // A descriptor that can be closed, and nothing else.
    socket: () => openSync("/dev/null", "r"),
    bind: () => 0,
    connect: () => 0,
    setsockopt: () => 0,
    send: (_, bytes) => take(bytes),
    sendAsync: (_, bytes) => Promise.resolve(take(bytes)),
    recv(_, bytes) {
      const answer = answers.shift() ?? AGAIN;
      if (typeof answer === "number") return answer;
      bytes.set(answer);
      return answer.length;
    },
  };
  const open = (): NetlinkSocket =>
    new NetlinkSocket(syscalls as Syscalls, { what: "socket", protocol: NetlinkProtocol.route });
  const netlink = netlinkOver(new KernelBackend(open(), open(), open));
  return { netlink, asked, [Symbol.dispose]: () => netlink[Symbol.dispose]() };
}

type Part = (writer: MessageWriter, sequence: number) => void;

function datagram(sequence: number, ...parts: Part[]): Uint8Array {
  const writer = new MessageWriter(65536);
  for (const part of parts) {
    part(writer, sequence);
    writer.end();
  }
  return writer.finish();
}

function link(index: number, flags: number = MessageFlag.multi): Part {
  return (writer, sequence) => {
    writer.begin(RTM.NEWLINK, flags, sequence);
    writer.bytes.u8(0).u8(0).u16le(1).i32le(index).u32le(0).u32le(0);
    writer.text(3, `link${index}`);
  };
}

function done(flags: number = MessageFlag.multi): Part {
  return (writer, sequence) => {
    writer.begin(3, flags, sequence);
    writer.bytes.i32le(0);
  };
}

function failed(errno: number): Part {
  return (writer, sequence) => {
    writer.begin(2, MessageFlag.capped, sequence);
    writer.bytes.i32le(-errno).u32le(16).u16le(0).u16le(0).u32le(sequence).u32le(0);
  };
}

test("a list that changed under the kernel's hands is asked for again", async () => {
  const intr = MessageFlag.multi | MessageFlag.dumpInterrupted;
  using world = scripted(({ sequence }, call) =>
    call < 3
      ? [datagram(sequence, link(1), link(1)), datagram(sequence, done(intr))]
      : [datagram(sequence, link(1)), datagram(sequence, link(2)), datagram(sequence, done())],
  );
  assert.deepEqual(
    world.netlink.links.list().map(({ index }) => index),
    [1, 2],
  );
  assert.equal(world.asked.length, 3);
  assert.equal((await world.netlink.async.links.list()).length, 2);
});

test("a list that never comes whole is given up, with a code of its own", () => {
  const intr = MessageFlag.multi | MessageFlag.dumpInterrupted;
  using world = scripted(({ sequence }) => [datagram(sequence, link(1, intr), done())]);
  assert.throws(
    () => world.netlink.links.list(),
    (error) =>
      error instanceof AppError &&
      error.code === "netlink-interrupted" &&
      /listing links: it changed under each of 8 attempts/.test(error.message),
  );
});

test("answers to what was given up are not taken for others", () => {
  using world = scripted(({ sequence }, call) =>
    call === 1
      ? [AGAIN, datagram(sequence, link(1)), datagram(sequence, done())]
      : [datagram(sequence, link(2)), datagram(sequence, done())],
  );
  assert.throws(() => world.netlink.links.list(), /no answer within 10000 ms/);
  assert.deepEqual(
    world.netlink.links.list().map(({ index }) => index),
    [2],
  );
});

test("a signal does not end the wait, and lost answers are no answers", () => {
  using world = scripted(({ sequence }, call) =>
    call === 1
      ? [INTERRUPTED, datagram(sequence, link(1)), INTERRUPTED, datagram(sequence, done())]
      : [NO_BUFFERS],
  );
  assert.equal(world.netlink.links.list().length, 1);
  assert.throws(() => world.netlink.links.list(), /ENOBUFS while an answer was waited for/);
});

test("of a batch only the last asks to be told of success, and failures find their change", () => {
  const refused = 2;
  using world = scripted(({ sequence, flags }, call) => {
    if (call === refused) return [datagram(sequence, failed(17))];
    return (flags & MessageFlag.ack) === 0 ? [] : [datagram(sequence, failed(0))];
  });
  const batch = new Batch();
  for (let group = 1; group <= 4; group++) batch.links.deleteGroup(group);
  const outcomes = world.netlink.apply(batch.changes);
  assert.deepEqual(
    outcomes.map(({ error }) => error?.errnoName),
    [undefined, "EEXIST", undefined, undefined],
  );
  assert.deepEqual(
    world.asked.map(({ flags }) => (flags & MessageFlag.ack) !== 0),
    [false, false, false, true],
  );
});

test("a batch of many is sent in parts", () => {
  using world = scripted(({ sequence, flags }) =>
    (flags & MessageFlag.ack) === 0 ? [] : [datagram(sequence, failed(0))],
  );
  const batch = new Batch();
  for (let group = 1; group <= 300; group++) batch.links.deleteGroup(group);
  assert.equal(world.netlink.apply(batch.changes).length, 300);
  const sends = world.asked.filter(({ flags }) => (flags & MessageFlag.ack) !== 0);
  assert.equal(sends.length, 3);
});

test("one object needs no end of a list", () => {
  using world = scripted(({ sequence }, call) =>
    call === 1 ? [datagram(sequence, link(7, 0))] : [datagram(sequence, failed(19))],
  );
  assert.equal(world.netlink.links.get(7)?.name, "link7");
  assert.equal(world.netlink.links.get(7), undefined);
});
