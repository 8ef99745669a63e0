import type { AttachType, ProgramType } from "./uapi.ts";

/**
 * The shapes in which an object file is told to whoever loads it. All of them are plain data that
 * depends on the file alone; what depends on the running kernel (file descriptors, addresses,
 * features) is the loader's.
 */

/** A program that can be loaded: a global function in a section whose name says its type. */
export interface ProgramSpec {
  /** The C function's name. The kernel keeps 15 characters of it. */
  readonly name: string;
  /** As it stands in the file: `tc`, `cgroup/connect4`. */
  readonly section: string;
  readonly type: ProgramType;
  /** `expected_attach_type` at load; undefined where the type has none, as for `tc`. */
  readonly attachType: AttachType | undefined;
  /** `prog_flags` that the section's name asks for: sleepable, xdp.frags. */
  readonly flags: number;
  /** What follows in the section's name: `sched_switch` of `raw_tp/sched_switch`. */
  readonly attachTo: string | undefined;
  /** False for a section that begins with `?`: loaded only when asked for by name. */
  readonly isAutoLoaded: boolean;
  /** Its row in the object's functions. */
  readonly functionIndex: number;
}

/** A function of the object, program or subprogram, with its names not yet resolved. */
export interface FunctionSpec {
  readonly name: string;
  readonly section: string;
  readonly isGlobal: boolean;
  /** Eight bytes each, as in the file. */
  readonly instructions: Uint8Array;
  /** In order of instruction. */
  readonly references: readonly Reference[];
  /** The type of the function in the object's BTF; undefined without `.BTF.ext`. */
  readonly typeId: number | undefined;
  /** In order of instruction, counted from the function's start. */
  readonly lines: readonly LineInfo[];
  /** Where its first instruction stands in the file, for errors. */
  readonly fileOffset: number;
}

export interface LineInfo {
  readonly instruction: number;
  /** Offsets into the BTF's strings. */
  readonly fileNameOffset: number;
  readonly lineOffset: number;
  /** `line << 10 | column`, as the kernel takes it. */
  readonly lineAndColumn: number;
}

/** A name that an instruction mentions. `instruction` counts from the function's start. */
export type Reference =
  | { readonly kind: "map"; readonly instruction: number; readonly map: string }
  | {
      readonly kind: "mapValue";
      readonly instruction: number;
      readonly map: string;
      readonly offset: number;
    }
  | { readonly kind: "call"; readonly instruction: number; readonly functionIndex: number }
  | { readonly kind: "callback"; readonly instruction: number; readonly functionIndex: number }
  | {
      readonly kind: "kfunc";
      readonly instruction: number;
      readonly name: string;
      readonly isWeak: boolean;
      /** A call of it, or its address, which code compares with zero to see whether it is there. */
      readonly use: "call" | "address";
    };

/** A map as the object defines it. */
export interface MapSpec {
  /** The C variable's name; `.rodata`, `.data`, `.bss`, `.rodata.cst16` for sections. */
  readonly name: string;
  /** `MapType`, or a number that is newer than that list. */
  readonly type: number;
  /** Bytes; 0 for maps without keys, as ring buffers. */
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** `map_flags` */
  readonly flags: number;
  /** Set exactly when `MapFlag.numaNode` is. */
  readonly numaNode: number | undefined;
  /** `map_extra`: hash functions of a bloom filter. */
  readonly extra: bigint;
  /** `LIBBPF_PIN_BY_NAME` or not. */
  readonly pinning: "none" | "byName";
  /** Types in the object's BTF, 0 where the definition gives only sizes. */
  readonly keyTypeId: number;
  readonly valueTypeId: number;
  /** Whether BPF_MAP_CREATE takes those types for this type of map. */
  readonly isTypedInKernel: boolean;
  /** What a map of maps holds: the template for its creation. */
  readonly inner: MapSpec | undefined;
  /** What stands in a map of maps or of programs from the start. */
  readonly initial: readonly InitialElement[];
  /** For sections: the one element, overrides included. Its length is `valueSize`. */
  readonly contents: Uint8Array | undefined;
  /** Frozen before any program is loaded, so that the verifier takes its values as constants. */
  readonly isConstant: boolean;
}

export interface InitialElement {
  /** The key, as an array's index. */
  readonly index: number;
  readonly kind: "program" | "map";
  readonly name: string;
}

/** A global variable of the C source. */
export interface VariableSpec {
  readonly name: string;
  /** The map that it lives in. */
  readonly map: string;
  readonly offset: number;
  readonly size: number;
  readonly typeId: number;
}

/** What of a map is the user's choice rather than the source's. */
export interface MapOptions {
  maxEntries?: number;
  flags?: number;
  numaNode?: number;
  pinning?: "none" | "byName";
  /** The same of the template of a map of maps. */
  inner?: { maxEntries?: number; flags?: number };
}

/** A program with its subprograms appended, all but file descriptors and kernel symbols filled. */
export interface LinkedProgram {
  readonly program: ProgramSpec;
  /** Eight bytes each. The caller's own: fill in `maps` and `kfuncs` in place. */
  readonly instructions: Uint8Array;
  /** In order of instruction. */
  readonly maps: readonly MapReference[];
  readonly kfuncs: readonly KfuncReference[];
  /** The entry first, then each subprogram, where it begins. */
  readonly functions: readonly LinkedFunction[];
  /**
   * `func_info` and `line_info` for BPF_PROG_LOAD, for `spec.kernelBtf()`. Empty when the object
   * has none for some function, since the kernel wants all or nothing.
   */
  readonly functionInfo: Uint8Array;
  readonly lineInfo: Uint8Array;
}

/** `func_info_rec_size` and `line_info_rec_size` */
export const FUNCTION_INFO_BYTES = 8;
export const LINE_INFO_BYTES = 16;

export interface LinkedFunction {
  readonly name: string;
  readonly instruction: number;
}

/**
 * An LDIMM64 whose source register is set already; the map's file descriptor goes into the four
 * bytes at `instruction * 8 + 4`. For a value, `offset` stands in the second half already.
 */
export interface MapReference {
  readonly instruction: number;
  readonly map: string;
  readonly kind: "map" | "value";
  readonly offset: number;
}

/**
 * A kernel function, by name. For a call the register is set already, and the id of the function
 * in the kernel's BTF goes into the four bytes at `instruction * 8 + 4` (and for a module's
 * function, an index into `fd_array` into the two at + 2). For an address, LDIMM64: the same id
 * with `Pseudo.btfId`, or, where the kernel lacks a weak one, a zero with no pseudo register.
 */
export interface KfuncReference {
  readonly instruction: number;
  readonly name: string;
  readonly isWeak: boolean;
  readonly use: "call" | "address";
}
