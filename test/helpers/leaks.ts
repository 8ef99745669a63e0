import { createHook } from "node:async_hooks";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { openResources } from "#base";

/** Asynchronous resources of Node that own a file descriptor. */
const HANDLES = new Set([
  "FILEHANDLE",
  "PIPEWRAP",
  "PROCESSWRAP",
  "TCPSERVERWRAP",
  "TCPWRAP",
  "UDPWRAP",
]);

const stacks = new Map<number, { type: string; stack: string }>();
let descriptorsBefore: Map<string, string> | undefined;

function ownStack(): string {
  const lines = (new Error("opened").stack ?? "").split("\n").slice(3);
  return lines
    .filter((line) => !line.includes("node:") && !line.includes("helpers/leaks"))
    .join("\n");
}

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

/** Enters what `fs.openSync` opens, which no asynchronous resource stands for. */
function watchOpenSync(): void {
  const { openSync, closeSync } = fs;
  const tokens = new Map<number, number>();
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const fd = openSync(...args);
    tokens.set(fd, openResources.opened("file descriptor", `${fd}: ${String(args[0])}`));
    return fd;
  };
  fs.closeSync = (fd: number) => {
    closeSync(fd);
    openResources.closed(tokens.get(fd) ?? 0);
    tokens.delete(fd);
  };
  syncBuiltinESMExports();
}

/** Call before the first test: remembers what is open, and from now on who opens what. */
export function startLeakCheck(): void {
  openResources.enable();
  createHook({
    init(id, type) {
      if (HANDLES.has(type)) stacks.set(id, { type, stack: ownStack() });
    },
    destroy(id) {
      stacks.delete(id);
    },
  }).enable();
  watchOpenSync();
  descriptorsBefore = openDescriptors();
}

/** What the tests have left open, each with the place that opened it; empty when all is well. */
export function findLeaks(): string[] {
  const before = descriptorsBefore ?? new Map<string, string>();
  const leaks = openResources
    .open()
    .map((each) => `${each.kind} ${each.what}, opened\n${each.openedAt}`);
  for (const { type, stack } of stacks.values()) {
    if (stack !== "") leaks.push(`${type}, opened\n${stack}`);
  }
  const added = [...openDescriptors()].filter(([fd, target]) => before.get(fd) !== target);
  // Node and its libraries open some for themselves, once: only sockets, files and kernel objects
  // with no entry above are suspect, and those have a target that says what they are.
  const suspect = added.filter(([, target]) =>
    /^(\/(?!proc|dev\/|sys)|anon_inode:.*bpf|net:)/.test(target),
  );
  if (leaks.length === 0) {
    for (const [fd, target] of suspect)
      leaks.push(`file descriptor ${fd}: ${target}, opened by unknown code`);
  }
  return leaks;
}

/** Fails with every leak. Gives what is being closed a moment to go. */
export async function checkLeaks(): Promise<void> {
  const maxRounds = 20;
  for (let round = 0; round < maxRounds && findLeaks().length > 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const leaks = findLeaks();
  if (leaks.length > 0)
    throw new Error(`${leaks.length} left open by the tests:\n${leaks.join("\n")}`);
}
