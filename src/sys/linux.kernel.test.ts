import assert from "node:assert/strict";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openResources } from "#base";
import { checkSyscall, Fd, linuxSyscalls, SyscallError } from "#sys";

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const EAGAIN = 11;
const EBADF = 9;
const system = linuxSyscalls();

/** 127.0.0.1 at a port, as `struct sockaddr_in`. */
function loopback(port: number): Uint8Array {
  return Uint8Array.of(AF_INET, 0, port >> 8, port & 0xff, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
}

function udpSocket(): Fd {
  return new Fd(
    checkSyscall(system.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), "socket"),
    "udp",
  );
}

test("calls answer -errno, also from another thread", async () => {
  assert.equal(system.recv(9999, new Uint8Array(8), 0), -EBADF);
  assert.equal(await system.sendAsync(9999, new Uint8Array(8), 0), -EBADF);
  assert.ok((await system.bpfAsync(9999, new Uint8Array(8))) < 0);
});

test("datagrams travel between two sockets, and a reader is told", async () => {
  using receiver = udpSocket();
  using sender = udpSocket();
  checkSyscall(system.bind(receiver.number, loopback(0)), "bind");
  const address = new Uint8Array(16);
  assert.equal(system.getsockname(receiver.number, address), 16);
  checkSyscall(system.connect(sender.number, address), "connect");
  assert.equal(system.recv(receiver.number, new Uint8Array(8), 0), -EAGAIN);

  const told = new Promise<void>((resolve) => {
    const watch = system.watchReadable(receiver.number, () => {
      watch[Symbol.dispose]();
      resolve();
    });
  });
  assert.equal(await system.sendAsync(sender.number, Uint8Array.of(1, 2, 3), 0), 3);
  await told;
  const bytes = new Uint8Array(8);
  assert.equal(system.recv(receiver.number, bytes, 0), 3);
  assert.deepEqual([...bytes.subarray(0, 3)], [1, 2, 3]);
});

test("socket options are set and read", () => {
  using socket = udpSocket();
  const value = new Uint8Array(new Uint32Array([100_000]).buffer);
  assert.equal(system.setsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, value), 0);
  const found = new Uint32Array(1);
  assert.equal(
    system.getsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, new Uint8Array(found.buffer)),
    4,
  );
  // The kernel doubles it for its own needs.
  assert.equal(found[0], 200_000);
});

test("a file is mapped into memory and seen there", () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-test-"));
  const path = join(folder, "file");
  const page = system.pageSize();
  writeFileSync(path, new Uint8Array(page).fill(7));
  const fd = openSync(path, "r+");
  const mapping = system.mmap(fd, { length: page, offset: 0, isWritable: true });
  assert.equal(mapping.bytes[page - 1], 7);
  mapping.bytes[0] = 9;
  mapping[Symbol.dispose]();
  closeSync(fd);
  assert.equal(readFileSync(path)[0], 9);
  rmSync(folder, { recursive: true });
  assert.throws(
    () => system.mmap(9999, { length: page, offset: 0, isWritable: false }),
    SyscallError,
  );
});

test("mounts come and go, with what is in them", () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-test-"));
  assert.equal(system.mount("none", folder, "tmpfs", 0, "size=64k"), 0);
  writeFileSync(join(folder, "inside"), "x");
  assert.equal(system.umount(folder, 0), 0);
  assert.deepEqual(readdirSync(folder), []);
  rmSync(folder, { recursive: true });
});

test("addresses stay where they are, whatever else is allocated", () => {
  for (const length of [1, 8, 64, 65, 4096]) {
    const bytes = new Uint8Array(length);
    const address = system.addressOf(bytes);
    const garbage = Array.from({ length: 1000 }, () => new Uint8Array(1000));
    assert.equal(
      system.addressOf(bytes),
      address,
      `${length} bytes, beside ${garbage.length} others`,
    );
  }
});

test("a descriptor is closed once, by its owner, who may give it away", () => {
  const before = openResources.open().length;
  const fd = udpSocket();
  assert.equal(openResources.open().length, before + 1);
  const { number } = fd;
  assert.equal(fd.release(), number);
  assert.equal(fd.isOpen, false);
  assert.throws(() => fd.number, /udp: used after close/);
  fd.close();
  assert.equal(openResources.open().length, before);
  const again = new Fd(number, "udp again");
  again.close();
  again.close();
  assert.equal(system.recv(number, new Uint8Array(1), 0), -EBADF);
});
