import { NotSupportedError } from "#base";
import { checkSyscall, Fd, linuxSyscalls } from "#sys";
import { AttachType, MapType, ProgramType } from "#ebpf/spec";
import { Attributes, Command, memory } from "./bpf-call.ts";

const ENODEV = 19;
const EPERM = 1;

/** `r0 = 0; exit` */
const RETURN_ZERO = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
/** `r0 = 1; exit`, for program types that may not answer anything else. */
const RETURN_ONE = Uint8Array.of(0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

interface Feature {
  /** In words, for the error. */
  what: string;
  minimumKernel: string;
  probe: () => boolean;
}

export type FeatureName =
  | "tcx"
  | "ringBuffer"
  | "lpmTrie"
  | "skLookup"
  | "socketConnect"
  | "getpeername"
  | "boundedLoops"
  | "redirectPeer"
  | "mapWalk"
  | "syscallPrograms"
  | "netkit";

const features: Readonly<Record<FeatureName, Feature>> = {
  tcx: { what: "attaching to tc by links (tcx)", minimumKernel: "6.6", probe: probeTcx },
  ringBuffer: {
    what: "ring buffers",
    minimumKernel: "5.8",
    probe: () => probeMap(MapType.ringbuf, 0, 0, 4096),
  },
  lpmTrie: {
    what: "longest-prefix maps",
    minimumKernel: "4.11",
    probe: () => probeMap(MapType.lpmTrie, 8, 4, 1, 1),
  },
  skLookup: {
    what: "choosing sockets by program (sk_lookup)",
    minimumKernel: "5.9",
    probe: () => probeProgram(ProgramType.skLookup, AttachType.skLookup, RETURN_ONE),
  },
  socketConnect: {
    what: "programs at connect (cgroup/connect4)",
    minimumKernel: "4.17",
    probe: () =>
      probeProgram(ProgramType.cgroupSockAddr, AttachType.cgroupInet4Connect, RETURN_ONE),
  },
  getpeername: {
    what: "programs at getpeername (cgroup/getpeername4)",
    minimumKernel: "5.8",
    probe: () =>
      probeProgram(ProgramType.cgroupSockAddr, AttachType.cgroupInet4Getpeername, RETURN_ONE),
  },
  boundedLoops: {
    what: "loops by callback (bpf_loop)",
    minimumKernel: "5.17",
    probe: () => probeHelper(ProgramType.schedCls, 181),
  },
  redirectPeer: {
    what: "handing packets into a pod (bpf_redirect_peer)",
    minimumKernel: "5.10",
    probe: () => probeHelper(ProgramType.schedCls, 155),
  },
  mapWalk: {
    what: "walks over maps by callback (bpf_for_each_map_elem)",
    minimumKernel: "5.13",
    probe: () => probeHelper(ProgramType.schedCls, 164),
  },
  syscallPrograms: {
    what: "programs that user space calls (syscall)",
    minimumKernel: "5.14",
    probe: () => probeProgram(ProgramType.syscall, 0, RETURN_ZERO, SLEEPABLE),
  },
  netkit: {
    what: "netkit devices",
    minimumKernel: "6.7",
    probe: () => probeLink(AttachType.netkitPrimary) === -ENODEV,
  },
};

/** `BPF_F_SLEEPABLE` */
const SLEEPABLE = 1 << 4;

const known = new Map<FeatureName, boolean>();

/** Whether this kernel has it, found out by trying, once. */
export function hasFeature(name: FeatureName): boolean {
  const found = known.get(name) ?? features[name].probe();
  known.set(name, found);
  return found;
}

/** For what cannot do without. */
export function requireFeature(name: FeatureName): void {
  const { what, minimumKernel } = features[name];
  if (!hasFeature(name)) throw new NotSupportedError(what, minimumKernel);
}

/** All of them, for status commands. */
export function probeFeatures(): Record<FeatureName, boolean> {
  const names = Object.keys(features) as FeatureName[];
  return Object.fromEntries(names.map((name) => [name, hasFeature(name)])) as Record<
    FeatureName,
    boolean
  >;
}

/** What was asked answers by an error of its own: only "not permitted" says nothing of features. */
function close(answer: number, what: string): boolean {
  if (answer === -EPERM) checkSyscall(answer, `probing ${what}`, "CAP_BPF");
  if (answer < 0) return false;
  new Fd(answer, what).close();
  return true;
}

function probeMap(
  type: number,
  keySize: number,
  valueSize: number,
  maxEntries: number,
  flags = 0,
): boolean {
  const attributes = new Attributes(72).u32(0, type).u32(4, keySize).u32(8, valueSize);
  attributes.u32(12, maxEntries).u32(16, flags);
  return close(linuxSyscalls().bpf(Command.mapCreate, attributes.bytes), "a map");
}

function loadProbe(type: number, attachType: number, instructions: Uint8Array, flags = 0): number {
  const attributes = new Attributes(144)
    .u32(0, type)
    .u32(4, instructions.length / 8)
    .u32(44, flags);
  attributes.pointer(8, Uint8Array.from(instructions)).u32(68, attachType);
  attributes.pointer(16, new TextEncoder().encode("GPL\0"));
  return linuxSyscalls().bpf(Command.programLoad, attributes.bytes);
}

function probeProgram(
  type: number,
  attachType: number,
  instructions: Uint8Array,
  flags = 0,
): boolean {
  return close(loadProbe(type, attachType, instructions, flags), "a program");
}

/** A call of a helper that the kernel does not know is refused before its arguments are looked at. */
function probeHelper(type: number, helper: number): boolean {
  const call = Uint8Array.of(0x85, 0, 0, 0, helper & 0xff, helper >> 8, 0, 0, ...RETURN_ZERO);
  const log = memory(4096);
  const attributes = new Attributes(144)
    .u32(0, type)
    .u32(4, call.length / 8)
    .pointer(8, call);
  attributes
    .pointer(16, new TextEncoder().encode("GPL\0"))
    .u32(24, 1)
    .u32(28, log.length)
    .pointer(32, log);
  const answer = linuxSyscalls().bpf(Command.programLoad, attributes.bytes);
  if (close(answer, "a program")) return true;
  const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
  return !/invalid func|unknown func|program of this type cannot use helper/.test(text);
}

/** The answer to attaching a good program to a device that is not there. */
function probeLink(attachType: number): number {
  const program = loadProbe(ProgramType.schedCls, attachType, RETURN_ZERO);
  const plain = program < 0 ? loadProbe(ProgramType.schedCls, 0, RETURN_ZERO) : program;
  checkSyscall(plain, "probing links", "CAP_BPF");
  using fd = new Fd(plain, "a program");
  const attributes = new Attributes(64).u32(0, fd.number).u32(4, 0x7fff_fffe).u32(8, attachType);
  return linuxSyscalls().bpf(Command.linkCreate, attributes.bytes);
}

/** A kernel that knows tcx looks for the device; an older one takes the type for invalid. */
function probeTcx(): boolean {
  return probeLink(AttachType.tcxIngress) === -ENODEV;
}
