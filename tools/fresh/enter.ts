/** The fresh system's own home folder, and in it the clone; from that system's root. */
export const HOME = "/root";
export const CLONE: string = `${HOME}/ciliate`;

/** A file or folder of this machine, and where the fresh system has it. */
export interface Bind {
  from: string;
  /** From the fresh system's root. */
  to: string;
}

/**
 * The shell script that mounts a fresh system together and runs a command in its clone. To be run
 * in mount and process namespaces of its own, with which all mounts and all processes end.
 */
export function enterScript(folder: string, binds: readonly Bind[], command: string): string {
  const at = (path: string): string => quote(folder + path);
  return [
    "set -eu",
    // A mount point, so that nothing of it is shared with the outside.
    `mount --bind ${at("")} ${at("")}`,
    `mount -t proc proc ${at("/proc")}`,
    // With all that is mounted below them: terminals, shared memory, cgroups.
    `mount --rbind /sys ${at("/sys")}`,
    `mount --rbind /dev ${at("/dev")}`,
    // Pins are files: with a file system of its own, none are left behind.
    `if [ -d /sys/fs/bpf ]; then mount -t bpf bpf ${at("/sys/fs/bpf")}; fi`,
    `mount -t tmpfs -o mode=755 tmpfs ${at("/run")}`,
    `mount -t tmpfs -o mode=1777 tmpfs ${at("/tmp")}`,
    ...binds.map(({ from, to }) => `mount --bind ${quote(from)} ${at(to)}`),
    // The shell stays, as the first process of its namespace, which inherits orphans and must
    // take note of their end.
    `chroot ${quote(folder)} /bin/sh -c ${quote(`cd ${CLONE} && exec ${command}`)} && exit 0`,
    "exit 1",
  ].join("\n");
}

/**
 * The words that run a command in mount and process namespaces of its own. Killing the first
 * process ends all of them, and with them all mounts.
 */
export function inNamespaces(...command: string[]): [string, ...string[]] {
  const options = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  return ["unshare", ...options, "--mount-proc", ...command];
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
