import dgram from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { openResources } from "#base";

let descriptorsBefore: Map<string, string> | undefined;

/** Every open descriptor of this process by number; empty where /proc does not tell. */
function openDescriptors(): Map<string, string> {
  const open = new Map<string, string>();
  if (!fs.existsSync("/proc/self/fd")) return open;
  for (const fd of fs.readdirSync("/proc/self/fd")) {
    try {
      open.set(fd, fs.readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The descriptor that lists the folder is gone by the time it is read.
    }
  }
  return open;
}

/** Sockets between processes: Node talks to its children, esbuild among them, through such. */
function unixSockets(): Set<string> {
  const lines = fs.readFileSync("/proc/self/net/unix", "utf8").split("\n").slice(1);
  return new Set(lines.map((line) => `socket:[${line.split(/\s+/)[6]}]`));
}

/** Enters what `fs` opens into the ledger, until it closes it. */
function watchFiles(): void {
  const { openSync, closeSync, open, close } = fs;
  const openPromise = fs.promises.open.bind(fs.promises);
  const tokens = new Map<number, number>();
  const enter = (path: unknown): number => openResources.opened("file", String(path));
  const strike = (fd: number): void => {
    openResources.closed(tokens.get(fd) ?? 0);
    tokens.delete(fd);
  };

  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const fd = openSync(...args);
    tokens.set(fd, enter(args[0]));
    return fd;
  };
  fs.closeSync = (fd: number) => {
    closeSync(fd);
    strike(fd);
  };
  // Streams open and close by the forms with a callback.
  const watchedOpen = (...args: unknown[]): void => {
    const token = enter(args[0]);
    const done = args.pop() as (error: Error | null, fd: number) => void;
    const callback = (error: Error | null, fd: number): void => {
      if (error === null) tokens.set(fd, token);
      else openResources.closed(token);
      done(error, fd);
    };
    Reflect.apply(open, fs, [...args, callback]);
  };
  const watchedClose = (fd: number, ...rest: unknown[]): void => {
    strike(fd);
    Reflect.apply(close, fs, [fd, ...rest]);
  };
  fs.open = Object.assign(watchedOpen, open);
  fs.close = Object.assign(watchedClose, close);
  fs.promises.open = async (...args: Parameters<typeof openPromise>) => {
    const token = enter(args[0]);
    try {
      const handle = await openPromise(...args);
      const closeHandle = handle.close.bind(handle);
      handle.close = () => {
        openResources.closed(token);
        return closeHandle();
      };
      return handle;
    } catch (error) {
      openResources.closed(token);
      throw error;
    }
  };
}

/** Enters sockets and servers, which say by an event that they are closed. */
function watchSockets(): void {
  interface Opener {
    once: (event: "close", listener: () => void) => unknown;
  }
  const watch = (prototype: object, method: string, kind: string): void => {
    const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
    Reflect.set(prototype, method, function watched(this: Opener, ...args: unknown[]) {
      const token = openResources.opened(kind, `after ${method}`);
      this.once("close", () => openResources.closed(token));
      return Reflect.apply(original, this, args);
    });
  };
  watch(net.Server.prototype, "listen", "server");
  watch(net.Socket.prototype, "connect", "socket");
  watch(dgram.Socket.prototype, "bind", "datagram socket");
}

/** Call before the first test: remembers what is open, and from now on who opens what. */
export function startLeakCheck(): void {
  openResources.enable();
  watchFiles();
  watchSockets();
  syncBuiltinESMExports();
  descriptorsBefore = openDescriptors();
}

/** What the tests have left open, each with the place that opened it; empty when all is well. */
function findLeaks(): string[] {
  const leaks = openResources
    .open()
    .map(({ kind, what, openedAt }) => `${kind} ${what}, opened\n${openedAt}`);
  if (leaks.length > 0) return leaks;
  const before = descriptorsBefore ?? new Map<string, string>();
  const added = [...openDescriptors()].filter(([fd, target]) => before.get(fd) !== target);
  // Node opens a few for itself, once, that do not look like these.
  const OURS = /^(\/(?!proc\/|dev\/|sys\/)|anon_inode:.*bpf|socket:|net:)/;
  const pipes = unixSockets();
  return added
    .filter(([, target]) => OURS.test(target) && !pipes.has(target))
    .map(([fd, target]) => `file descriptor ${fd}: ${target}, opened by unknown code`);
}

/** Fails with every leak. Gives what is being closed a moment to go. */
export async function checkLeaks(): Promise<void> {
  const maxRounds = 20;
  for (let round = 0; round < maxRounds && findLeaks().length > 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const leaks = findLeaks();
  if (leaks.length > 0) {
    throw new Error(`${leaks.length} left open by the tests:\n${leaks.join("\n")}`);
  }
}
