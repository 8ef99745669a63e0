import { ChildProcess } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import timers from "node:timers";
import { openResources } from "#base";

let devicesBefore: ReadonlySet<string> = new Set();
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

/** Child processes that this one would wait for; those set free by unref() are no leak. */
function watchChildren(): void {
  interface Methods {
    spawn: (this: ChildProcess, options: object) => number;
    unref: (this: ChildProcess) => void;
  }
  const prototype: Methods = ChildProcess.prototype as ChildProcess & Methods;
  const { spawn, unref } = prototype;
  const tokens = new WeakMap<ChildProcess, number>();
  const strike = (child: ChildProcess): void => openResources.closed(tokens.get(child) ?? 0);
  prototype.spawn = function watchedSpawn(options) {
    const result = Reflect.apply(spawn, this, [options]);
    tokens.set(this, openResources.opened("child process", this.spawnargs.join(" ")));
    this.once("exit", () => strike(this));
    this.once("error", () => strike(this));
    return result;
  };
  prototype.unref = function watchedUnref() {
    strike(this);
    return Reflect.apply(unref, this, []);
  };
}

/** Intervals, which never end by themselves, with the stacks that started them. */
const intervals = new Map<NodeJS.Timeout, string>();

function watchIntervals(): void {
  const { setInterval } = timers;
  const watched = (...args: Parameters<typeof setInterval>): NodeJS.Timeout => {
    const timer = setInterval(...args);
    const stack = new Error("started").stack ?? "";
    intervals.set(timer, stack.split("\n").slice(2).join("\n"));
    return timer;
  };
  timers.setInterval = Object.assign(watched, setInterval);
  globalThis.setInterval = timers.setInterval;
}

/** Leaves out what is cleared, and what the process does not wait for. */
function openIntervals(): string[] {
  for (const timer of intervals.keys()) {
    // What Node has no word for: hasRef() stays true when a timer is cleared.
    const isCleared = "_destroyed" in timer && timer._destroyed === true;
    if (isCleared || !timer.hasRef()) intervals.delete(timer);
  }
  return [...intervals.values()].map((stack) => `interval that still runs, started\n${stack}`);
}

/** Call before the first test: remembers what is open, and from now on who opens what. */
export function startLeakCheck(): void {
  openResources.enable();
  watchFiles();
  watchSockets();
  watchChildren();
  watchIntervals();
  syncBuiltinESMExports();
  descriptorsBefore = openDescriptors();
  devicesBefore = namesOfDevices();
}

/** Network devices of this process's namespace; those made in others go with those. */
function namesOfDevices(): Set<string> {
  const folder = "/sys/class/net";
  return new Set(fs.existsSync(folder) ? fs.readdirSync(folder) : []);
}

/** What the tests have left open, each with the place that opened it; empty when all is well. */
function findLeaks(): string[] {
  const devices = namesOfDevices();
  const leaks = openResources
    .open()
    .filter(
      ({ kind, what }) => kind !== "device" || (devices.has(what) && !devicesBefore.has(what)),
    )
    .map(({ kind, what, openedAt }) => `${kind} ${what}, opened\n${openedAt}`);
  leaks.push(...openIntervals());
  if (leaks.length > 0) return leaks;
  const before = descriptorsBefore ?? new Map<string, string>();
  const added = [...openDescriptors()].filter(([fd, target]) => before.get(fd) !== target);
  // Node opens a few for itself, once, that do not look like these; and a worker that is ended while
  // it loads modules leaves the one at hand.
  const OURS = /^(\/(?!proc\/|dev\/|sys\/)|anon_inode:.*bpf|socket:|net:)/;
  const pipes = unixSockets();
  return added
    .filter(([, target]) => OURS.test(target) && !pipes.has(target))
    .filter(([, target]) => !target.includes("/node_modules/"))
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
    const failure = new Error(`${leaks.length} left open by the tests:\n${leaks.join("\n")}`);
    // The stacks that matter are those of the leaks.
    failure.stack = failure.message;
    throw failure;
  }
}
