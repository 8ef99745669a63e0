import koffi from "koffi";
import { NotSupportedError } from "#base";
import { SyscallError } from "./errors.ts";
import type { Mapping, MapMemoryOptions, Syscalls } from "./syscalls.ts";

/** bpf(2) has no function in the C library, and its number differs. */
const BPF_NUMBER: Readonly<Record<string, number>> = {
  x64: 321,
  arm64: 280,
  riscv64: 280,
  s390x: 351,
};

const SC_PAGESIZE = 30;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

type Call = ((...args: unknown[]) => number) & {
  async: (...args: [...unknown[], (error: Error | null, result: number) => void]) => void;
};

/** The kernel's own form of a C library result. */
function result(value: number): number {
  return value < 0 ? -koffi.errno() : value;
}

function resultAsync(call: Call, ...args: unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error, value) => {
      if (error === null) resolve(result(value));
      else reject(error);
    });
  });
}

function bindLibrary(): Syscalls {
  if (process.platform !== "linux")
    throw new NotSupportedError(`Linux's system calls on ${process.platform}`);
  const bpfNumber = BPF_NUMBER[process.arch];
  if (bpfNumber === undefined) throw new NotSupportedError(`bpf(2) on ${process.arch}`);
  // The C library that this process has anyway, whichever it is.
  const library = koffi.load(null);
  const find = (prototype: string): Call => library.func(prototype);

  const bpf = find("long syscall(long number, int command, void *attributes, uint32_t size)");
  const socket = find("int socket(int domain, int type, int protocol)");
  const bind = find("int bind(int fd, void *address, uint32_t length)");
  const connect = find("int connect(int fd, void *address, uint32_t length)");
  const listen = find("int listen(int fd, int backlog)");
  const accept = find("int accept4(int fd, void *address, void *length, int flags)");
  const getsockname = find("int getsockname(int fd, void *address, void *length)");
  const setsockopt = find(
    "int setsockopt(int fd, int level, int option, void *value, uint32_t length)",
  );
  const getsockopt = find(
    "int getsockopt(int fd, int level, int option, void *value, void *length)",
  );
  const send = find("long send(int fd, void *bytes, size_t length, int flags)");
  const recv = find("long recv(int fd, void *bytes, size_t length, int flags)");
  const ioctl = find("int ioctl(int fd, unsigned long request, void *argument)");
  const setns = find("int setns(int fd, int type)");
  const unshare = find("int unshare(int flags)");
  const mount = find("int mount(str source, str target, str type, unsigned long flags, str data)");
  const umount = find("int umount2(str target, int flags)");
  const mmap = library.func(
    "uint64_t mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset)",
  );
  const sysconf = find("long sysconf(int name)");
  const munmap = library.func("int munmap(uint64_t address, size_t length)");

  const withLength = (call: Call, fd: number, args: unknown[], bytes: Uint8Array): number => {
    const length = new Uint32Array([bytes.length]);
    const answer = result(call(fd, ...args, bytes, length));
    return answer < 0 ? answer : (length[0] ?? 0);
  };

  return {
    bpf: (command, attributes) => result(bpf(bpfNumber, command, attributes, attributes.length)),
    bpfAsync: (command, attributes) =>
      resultAsync(bpf, bpfNumber, command, attributes, attributes.length),
    socket: (domain, type, protocol) => result(socket(domain, type, protocol)),
    bind: (fd, address) => result(bind(fd, address, address.length)),
    connect: (fd, address) => result(connect(fd, address, address.length)),
    listen: (fd, backlog) => result(listen(fd, backlog)),
    accept: (fd, flags) => result(accept(fd, null, null, flags)),
    getsockname: (fd, address) => withLength(getsockname, fd, [], address),
    setsockopt: (fd, level, option, value) =>
      result(setsockopt(fd, level, option, value, value.length)),
    getsockopt: (fd, level, option, value) => withLength(getsockopt, fd, [level, option], value),
    send: (fd, bytes, flags) => result(send(fd, bytes, bytes.length, flags)),
    sendAsync: (fd, bytes, flags) => resultAsync(send, fd, bytes, bytes.length, flags),
    recv: (fd, bytes, flags) => result(recv(fd, bytes, bytes.length, flags)),
    ioctl: (fd, request, argument) => result(ioctl(fd, request, argument)),
    setns: (fd, type) => result(setns(fd, type)),
    unshare: (flags) => result(unshare(flags)),
    mount: (source, target, type, flags, data) => result(mount(source, target, type, flags, data)),
    umount: (target, flags) => result(umount(target, flags)),

    pageSize: () => sysconf(SC_PAGESIZE),
    mmap(fd: number, { length, offset, isWritable }: MapMemoryOptions): Mapping {
      const protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ;
      const address = BigInt(
        mmap(null, length, protection, MAP_SHARED, fd, offset) as number | bigint,
      );
      if (address === MAP_FAILED) throw new SyscallError(`mapping ${length} bytes`, koffi.errno());
      return {
        bytes: new Uint8Array(koffi.view(address, length)),
        [Symbol.dispose]: () => void munmap(address, length),
      };
    },
    addressOf: (bytes) => koffi.address(bytes),
    watchReadable(fd, callback) {
      const events = { readable: true };
      let isOpen = true;
      const onReady = (status: unknown): void => {
        callback();
        // A descriptor with an error is told once and then not watched any more, though reading it
        // clears the error, as when a netlink socket has lost messages.
        if (isOpen && typeof status === "number" && status < 0) handle.start(events, onReady);
      };
      const handle = koffi.node.poll(fd, events, onReady);
      return {
        [Symbol.dispose]: () => {
          isOpen = false;
          handle.close();
        },
      };
    },
  };
}

let bound: Syscalls | undefined;

/** Linux, through the C library of this process. Bound on first use. */
export function linuxSyscalls(): Syscalls {
  return (bound ??= bindLibrary());
}
