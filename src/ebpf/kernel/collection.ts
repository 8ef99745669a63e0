import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError, NotSupportedError, Scope } from "#base";
import { type Fd, isErrno } from "#sys";
import {
  type CollectionSpec,
  findTypeId,
  linkProgram,
  type LinkedProgram,
  type MapSpec,
  MapType,
  Pseudo,
} from "#ebpf/spec";
import { loadBtf, readKernelBtf } from "./btf.ts";
import { possibleCpus } from "./cpus.ts";
import { type CreateMapOptions, KernelMap } from "./kernel-map.ts";
import { loadProgram, type Program } from "./program.ts";

const INSTRUCTION_BYTES = 8;

export interface LoadOptions {
  /** Where maps that ask for a pin by name are pinned, and looked for first: `/sys/fs/bpf/mine`. */
  pinFolder?: string;
  /** Maps to use in the place of the object's own, by name. They stay their owner's. */
  maps?: Readonly<Record<string, KernelMap>>;
  /** The programs to load; all that the object wants loaded, unless given. */
  programs?: readonly string[];
}

/** An object in the kernel: its maps and programs, until it is disposed of. */
export class Collection implements Disposable {
  readonly spec: CollectionSpec;
  readonly #scope: Scope;
  readonly #maps: ReadonlyMap<string, KernelMap>;
  readonly #programs: ReadonlyMap<string, Program>;

  private constructor(
    spec: CollectionSpec,
    scope: Scope,
    maps: Map<string, KernelMap>,
    programs: Map<string, Program>,
  ) {
    this.spec = spec;
    this.#scope = scope;
    this.#maps = maps;
    this.#programs = programs;
  }

  /** Creates the maps and loads the programs: all of it, or nothing. */
  static load(spec: CollectionSpec, options: LoadOptions = {}): Collection {
    using scope = new Scope();
    using btf = loadBtf(spec.kernelBtf());
    const maps = new Map<string, KernelMap>();
    for (const map of spec.maps) maps.set(map.name, provideMap(map, btf, options, scope));
    const programs = new Map<string, Program>();
    const wanted =
      options.programs ??
      spec.programs.filter((each) => each.isAutoLoaded).map((each) => each.name);
    const symbols = new KernelSymbols();
    for (const name of wanted) {
      const linked = linkProgram(spec, name);
      fillMaps(linked, maps);
      symbols.fill(linked);
      programs.set(name, scope.use(loadProgram(linked, { license: spec.license, btf })));
    }
    for (const map of spec.maps) fillInitial(map, maps, programs);
    return new Collection(spec, scope.move(), maps, programs);
  }

  map(name: string): KernelMap {
    return found("map", name, this.#maps);
  }

  program(name: string): Program {
    return found("program", name, this.#programs);
  }

  get maps(): ReadonlyMap<string, KernelMap> {
    return this.#maps;
  }

  get programs(): ReadonlyMap<string, Program> {
    return this.#programs;
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

function found<T>(kind: string, name: string, all: ReadonlyMap<string, T>): T {
  const thing = all.get(name);
  if (thing !== undefined) return thing;
  throw new AppError(
    "not-found",
    `there is no ${kind} ${name}: there are ${[...all.keys()].join(", ")}`,
  );
}

/** The user's map, or the pinned one, or a new one, which the scope then owns. */
function provideMap(
  map: MapSpec,
  btf: Fd | undefined,
  { maps: given = {}, pinFolder }: LoadOptions,
  scope: Scope,
): KernelMap {
  const replacement = given[map.name];
  if (replacement !== undefined) {
    requireSameShape(map, replacement, `the map given for ${map.name}`);
    return replacement;
  }
  const pin = map.pinning === "byName" ? pinPath(map.name, pinFolder) : undefined;
  if (pin !== undefined && existsSync(pin)) {
    const pinned = scope.use(KernelMap.openPinned(pin));
    requireSameShape(map, pinned, `the map pinned at ${pin}`);
    return pinned;
  }
  const created = scope.use(createMap(map, btf));
  if (map.contents !== undefined) created.update(new Uint8Array(4), map.contents);
  if (map.isConstant) freeze(created);
  if (pin !== undefined) created.pin(pin);
  return created;
}

function pinPath(name: string, folder: string | undefined): string {
  if (folder !== undefined) return join(folder, name);
  throw new AppError(
    "no-pin-folder",
    `map ${name} asks to be pinned by its name: say where, as pinFolder`,
  );
}

/** Different sizes would corrupt what the other program reads; other limits only surprise. */
function requireSameShape(spec: MapSpec, map: KernelMap, what: string): void {
  const wanted = creationOf(spec);
  const differing = (["type", "keySize", "valueSize", "maxEntries", "flags"] as const).flatMap(
    (field) => {
      const isSame = map.shape[field] === wanted[field];
      return isSame ? [] : [`${field} ${map.shape[field]} instead of ${wanted[field]}`];
    },
  );
  if (differing.length === 0) return;
  throw new AppError(
    "incompatible-map",
    `${what} is another kind of map (${differing.join(", ")}): remove it, or use it under another name`,
    {
      fields: { map: spec.name },
    },
  );
}

function creationOf(spec: MapSpec): CreateMapOptions {
  const { name, type, keySize, valueSize, flags, numaNode, extra } = spec;
  const isPerCpuEvents = type === MapType.perfEventArray && spec.maxEntries === 0;
  const maxEntries = isPerCpuEvents ? possibleCpus() : spec.maxEntries;
  return { name: kernelName(name), type, keySize, valueSize, maxEntries, flags, numaNode, extra };
}

/** Sections are known to the kernel without their leading dot. */
function kernelName(name: string): string {
  return name.startsWith(".") ? name.slice(1) : name;
}

function createMap(map: MapSpec, btf: Fd | undefined): KernelMap {
  using inner = map.inner === undefined ? undefined : createMap(map.inner, btf);
  const options = { ...creationOf(map), ...(inner === undefined ? {} : { innerMapFd: inner.fd }) };
  const { keyTypeId, valueTypeId } = map;
  if (btf === undefined || !map.isTypedInKernel) return KernelMap.create(options);
  try {
    return KernelMap.create({ ...options, btf: { fd: btf.number, keyTypeId, valueTypeId } });
  } catch (error) {
    // Types are for people who look at the map. Where they are more than that (timers), the
    // program's own load says what is missing.
    if (!isErrno(error, "EINVAL", "EOPNOTSUPP", "ENOTSUPP")) throw error;
    return KernelMap.create(options);
  }
}

/** Kernels before 5.2 cannot; all that is lost is that the verifier knows the values. */
function freeze(map: KernelMap): void {
  try {
    map.freeze();
  } catch (error) {
    if (!isErrno(error, "EINVAL")) throw error;
  }
}

function fillMaps(linked: LinkedProgram, maps: ReadonlyMap<string, KernelMap>): void {
  const view = viewOf(linked.instructions);
  for (const { instruction, map } of linked.maps) {
    view.setInt32(instruction * INSTRUCTION_BYTES + 4, found("map", map, maps).fd, true);
  }
}

function fillInitial(
  spec: MapSpec,
  maps: ReadonlyMap<string, KernelMap>,
  programs: ReadonlyMap<string, Program>,
): void {
  for (const { index, kind, name } of spec.initial) {
    const target = kind === "map" ? maps.get(name) : programs.get(name);
    // A program that was not asked for leaves its place empty.
    if (target === undefined) continue;
    const [key, value] = [index, target.fd].map(
      (number) => new Uint8Array(new Uint32Array([number]).buffer),
    );
    if (key !== undefined && value !== undefined) found("map", spec.name, maps).update(key, value);
  }
}

/** Functions of the running kernel, by name. Its types are read only when a program mentions one. */
class KernelSymbols {
  #types: Uint8Array | undefined;

  fill(linked: LinkedProgram): void {
    const view = viewOf(linked.instructions);
    for (const { instruction, name, isWeak, use } of linked.kfuncs) {
      const id = this.#find(name);
      const at = instruction * INSTRUCTION_BYTES;
      if (id === undefined) {
        if (!isWeak)
          throw new NotSupportedError(
            `the kernel function ${name}, which program ${linked.program.name} calls,`,
          );
        // Compared with zero, or behind such a comparison.
        if (use === "address") view.setUint8(at + 1, view.getUint8(at + 1) & 0x0f);
        continue;
      }
      if (use === "address")
        view.setUint8(at + 1, (view.getUint8(at + 1) & 0x0f) | (Pseudo.btfId << 4));
      view.setInt32(at + 4, id, true);
    }
  }

  #find(name: string): number | undefined {
    this.#types ??= readKernelBtf();
    return findTypeId(this.#types, "func", name);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
