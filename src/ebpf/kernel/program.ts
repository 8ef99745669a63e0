import { assert } from "#base";
import { Fd, linuxSyscalls, SyscallError } from "#sys";
import { FUNCTION_INFO_BYTES, LINE_INFO_BYTES, type LinkedProgram } from "#ebpf/spec";
import { Attributes, bpf, BPF_CAPABILITY, bpfAsync, Command, memory } from "./bpf-call.ts";
import { openPinned, pinObject } from "./pin.ts";
import { VerifierError } from "./verifier-error.ts";

const EAGAIN = 11;
const EACCES = 13;
const EINVAL = 22;
const ENOSPC = 28;
const E2BIG = 7;
const FIRST_LOG_BYTES = 1 << 18;
const MAX_LOG_BYTES = 1 << 26;
const INSTRUCTION_BYTES = 8;
const MAX_LOAD_ATTEMPTS = 5;

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number;
  readonly name: string;
  /** Instructions after verification, and what they were compiled to. */
  readonly translatedInstructions: number;
  readonly jitedBytes: number;
  /** Instructions that the verifier looked at; 0 before Linux 5.16. */
  readonly verifiedInstructions: number;
  /** Only while the kernel counts (`kernel.bpf_stats_enabled`). */
  readonly runTimeNs: bigint;
  readonly runCount: bigint;
}

export interface TestRunOptions {
  /** A packet, from its Ethernet header on. */
  data?: Uint8Array;
  /** `struct __sk_buff`, `xdp_md` or `bpf_sk_lookup` in; its fields out are in the result. */
  context?: Uint8Array;
  /** Runs in a row, for measuring; 1 unless given. */
  repeat?: number;
  /** Room for the packet that comes out; the size of `data` and 256 bytes unless given. */
  maxDataOut?: number;
}

export interface TestRunResult {
  /** What the program answered: TC_ACT_*, XDP_*. */
  readonly returnValue: number;
  readonly data: Uint8Array;
  readonly context: Uint8Array;
  /** One run on average. */
  readonly durationNs: number;
}

export interface SyscallRunResult {
  /** What the program answered. */
  readonly returnValue: number;
  /** The argument as the program left it. */
  readonly context: Uint8Array;
}

/** A program in the kernel. */
export class Program implements Disposable {
  readonly name: string;
  /** `ProgramType`. */
  readonly type: number;
  readonly #fd: Fd;

  constructor(fd: Fd, name: string, type: number) {
    this.#fd = fd;
    this.name = name;
    this.type = type;
  }

  static openPinned(path: string): Program {
    const fd = openPinned(path, "program");
    const info = readProgramInfo(fd.number, path);
    return new Program(fd, infoName(info), info.getUint32(0, true));
  }

  get fd(): number {
    return this.#fd.number;
  }

  info(): ProgramInfo {
    const info = readProgramInfo(this.fd, this.name);
    return {
      id: info.getUint32(4, true),
      name: infoName(info),
      jitedBytes: info.getUint32(16, true),
      translatedInstructions: info.getUint32(20, true) / INSTRUCTION_BYTES,
      runTimeNs: info.getBigUint64(192, true),
      runCount: info.getBigUint64(200, true),
      verifiedInstructions: info.getUint32(216, true),
    };
  }

  pin(path: string): void {
    pinObject(this.fd, path, `program ${this.name}`);
  }

  /** Runs it once, or `repeat` times, on made-up input, with all its maps. */
  testRun({ data, context, repeat = 1, maxDataOut }: TestRunOptions): TestRunResult {
    const dataOut = data === undefined ? undefined : memory(maxDataOut ?? data.length + 256);
    const contextOut = context === undefined ? undefined : memory(context.length);
    const attributes = new Attributes(80).u32(0, this.fd).u32(32, repeat);
    if (data !== undefined && dataOut !== undefined) {
      attributes.u32(8, data.length).pointer(16, Uint8Array.from(data));
      attributes.u32(12, dataOut.length).pointer(24, dataOut);
    }
    if (context !== undefined && contextOut !== undefined) {
      attributes.u32(40, context.length).pointer(48, Uint8Array.from(context));
      attributes.u32(44, contextOut.length).pointer(56, contextOut);
    }
    bpf(Command.testRun, attributes, `running program ${this.name} on a test packet`);
    return {
      returnValue: attributes.getU32(4),
      data: dataOut?.subarray(0, attributes.getU32(12)) ?? new Uint8Array(),
      context: contextOut?.subarray(0, attributes.getU32(44)) ?? new Uint8Array(),
      durationNs: attributes.getU32(36),
    };
  }

  /** Runs one of `SEC("syscall")`, with its argument, and waits for it. */
  runSyscall(context: Uint8Array): SyscallRunResult {
    const { attributes, argument } = this.#syscallRun(context);
    bpf(Command.testRun, attributes, `running program ${this.name}`);
    return { returnValue: attributes.getU32(4), context: argument };
  }

  /** The same on another thread, for one that takes its time. It must stay open meanwhile. */
  async runSyscallAsync(context: Uint8Array): Promise<SyscallRunResult> {
    const { attributes, argument } = this.#syscallRun(context);
    await bpfAsync(Command.testRun, attributes, `running program ${this.name}`);
    return { returnValue: attributes.getU32(4), context: argument };
  }

  /** The kernel writes into the argument, and refuses anything else that test runs may have. */
  #syscallRun(context: Uint8Array): { attributes: Attributes; argument: Uint8Array } {
    const argument = Uint8Array.from(context);
    const attributes = new Attributes(80).u32(0, this.fd);
    attributes.u32(40, argument.length).pointer(48, argument);
    return { attributes, argument };
  }

  [Symbol.dispose](): void {
    this.#fd.close();
  }
}

interface LoadProgramOptions {
  license: string;
  btf: Fd | undefined;
  /** For modules' functions. */
  attachBtfId?: number;
}

/** Loads a program whose instructions have their map descriptors filled in. */
export function loadProgram(linked: LinkedProgram, options: LoadProgramOptions): Program {
  const { program, instructions, functionInfo, lineInfo } = linked;
  const attributes = new Attributes(144)
    .u32(0, program.type)
    .u32(4, instructions.length / INSTRUCTION_BYTES)
    .pointer(8, Uint8Array.from(instructions))
    .pointer(16, new TextEncoder().encode(`${options.license}\0`))
    .u32(44, program.flags)
    .name(48, program.name)
    .u32(68, program.attachType ?? 0);
  if (options.btf !== undefined && functionInfo.length > 0) {
    attributes.u32(72, options.btf.number);
    attributes.u32(76, FUNCTION_INFO_BYTES).pointer(80, Uint8Array.from(functionInfo));
    attributes.u32(88, functionInfo.length / FUNCTION_INFO_BYTES);
    attributes.u32(92, LINE_INFO_BYTES).pointer(96, Uint8Array.from(lineInfo));
    attributes.u32(104, lineInfo.length / LINE_INFO_BYTES);
  }
  const answer = tryLoad(attributes);
  if (answer >= 0)
    return new Program(new Fd(answer, `program ${program.name}`), program.name, program.type);
  throw loadError(program.name, -answer, attributes);
}

/** The verifier gives up when a signal waits for the process. */
function tryLoad(attributes: Attributes): number {
  for (let attempt = 1; ; attempt++) {
    const answer = linuxSyscalls().bpf(Command.programLoad, attributes.bytes);
    if (answer !== -EAGAIN || attempt === MAX_LOAD_ATTEMPTS) return answer;
  }
}

/** Loads once more with a log, which costs too much to ask for each time. */
function loadError(name: string, errno: number, attributes: Attributes): Error {
  const refused = new SyscallError(`loading program ${name}`, errno, {
    capability: BPF_CAPABILITY,
  });
  if (![EACCES, EINVAL, E2BIG].includes(errno) && refused.errnoName !== "EPERM") return refused;
  for (let bytes = FIRST_LOG_BYTES; bytes <= MAX_LOG_BYTES; bytes *= 4) {
    const log = memory(bytes);
    attributes.u32(24, 1).u32(28, bytes).pointer(32, log);
    const answer = linuxSyscalls().bpf(Command.programLoad, attributes.bytes);
    if (answer >= 0) new Fd(answer, `program ${name}`).close();
    if (answer === -ENOSPC) continue;
    const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
    return text.trim() === "" ? refused : new VerifierError(name, text, { cause: refused });
  }
  return refused;
}

const PROGRAM_INFO_BYTES = 224;

/** `struct bpf_prog_info` */
function readProgramInfo(fd: number, what: string): DataView {
  const info = memory(PROGRAM_INFO_BYTES);
  const attributes = new Attributes(16).u32(0, fd).u32(4, info.length).pointer(8, info);
  bpf(Command.info, attributes, `reading about program ${what}`);
  return new DataView(info.buffer);
}

function infoName(info: DataView): string {
  const bytes = new Uint8Array(info.buffer, 64, 16);
  const end = bytes.indexOf(0);
  assert(end >= 0, "the kernel ends a program's name");
  return new TextDecoder().decode(bytes.subarray(0, end));
}
