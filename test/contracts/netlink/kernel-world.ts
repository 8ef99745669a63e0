import { Scope as Lifetime } from "#base";
import { createAnonymousNamespace, Namespace, openNetlink } from "#netlink";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import type { World } from "./world.ts";

const BPF_PROG_LOAD = 5;
const BPF_OBJ_GET_INFO_BY_FD = 15;
const BPF_PROG_TYPE_SCHED_CLS = 3;
/** `r0 = 0; exit`: lets everything pass. */
const PROGRAM = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

/** Namespaces of this kernel, for the contract. */
export function kernelWorld(): World {
  const lifetime = new Lifetime();
  return {
    place(name) {
      const ref = lifetime.use(createAnonymousNamespace(name));
      return { ref, netlink: lifetime.use(openNetlink({ namespace: ref })) };
    },
    remove({ ref, netlink }) {
      netlink[Symbol.dispose]();
      if (ref instanceof Namespace) ref.close();
    },
    program() {
      const fd = lifetime.use(loadProgram());
      return { fd: fd.number, id: programId(fd) };
    },
    [Symbol.dispose]: () => lifetime[Symbol.dispose](),
  };
}

/** What bpf(2) takes at its simplest: this module knows no more of programs than descriptors. */
function loadProgram(): Fd {
  const syscalls = linuxSyscalls();
  const licence = new TextEncoder().encode("GPL\0");
  const attributes = new DataView(new ArrayBuffer(128));
  attributes.setUint32(0, BPF_PROG_TYPE_SCHED_CLS, true);
  attributes.setUint32(4, PROGRAM.length / 8, true);
  attributes.setBigUint64(8, syscalls.addressOf(PROGRAM), true);
  attributes.setBigUint64(16, syscalls.addressOf(licence), true);
  const number = syscalls.bpf(BPF_PROG_LOAD, new Uint8Array(attributes.buffer));
  return new Fd(checkSyscall(number, "loading a program"), "program");
}

function programId(program: Fd): number {
  const syscalls = linuxSyscalls();
  const info = new DataView(new ArrayBuffer(256));
  const attributes = new DataView(new ArrayBuffer(128));
  attributes.setUint32(0, program.number, true);
  attributes.setUint32(4, info.byteLength, true);
  attributes.setBigUint64(8, syscalls.addressOf(new Uint8Array(info.buffer)), true);
  const result = syscalls.bpf(BPF_OBJ_GET_INFO_BY_FD, new Uint8Array(attributes.buffer));
  checkSyscall(result, "asking a program for its id");
  return info.getUint32(4, true);
}
