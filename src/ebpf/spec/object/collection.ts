import { AppError, DecodeError, quote } from "#base";
import type { Btf } from "../btf/btf.ts";
import { forKernel } from "../btf/object-btf.ts";
import { type Codec, codecOf } from "../codec/codec.ts";
import type { Value, ValueInput } from "../codec/node.ts";
import type { FunctionSpec, MapOptions, MapSpec, ProgramSpec, VariableSpec } from "../types.ts";
import { MapFlag } from "../uapi.ts";
import { type ParsedObject, parseObject } from "./parse.ts";

/**
 * What an object file says, and what its user changes of it before it is loaded: the values of
 * variables and the sizes of maps. Copies share what cannot change.
 */
export class CollectionSpec {
  /** What errors call the object. */
  readonly name: string;
  readonly #object: ParsedObject;
  readonly #maps: Map<string, MapSpec>;
  #kernelBtf: Uint8Array | undefined;

  private constructor(name: string, object: ParsedObject, maps: Map<string, MapSpec>) {
    this.name = name;
    this.#object = object;
    this.#maps = maps;
  }

  /** Any bytes give a collection or a DecodeError. They are copied. */
  static parse(bytes: Uint8Array, name = "object"): CollectionSpec {
    const object = parseObject(new Uint8Array(bytes));
    return new CollectionSpec(name, object, new Map(object.maps.map((map) => [map.name, map])));
  }

  /** Whose changes are its own. */
  copy(): CollectionSpec {
    return new CollectionSpec(this.name, this.#object, new Map(this.#maps));
  }

  get license(): string {
    return this.#object.license;
  }

  get btf(): Btf {
    return this.#object.btf;
  }

  get programs(): readonly ProgramSpec[] {
    return this.#object.programs;
  }

  /** Programs and subprograms; programs name theirs by its index. */
  get functions(): readonly FunctionSpec[] {
    return this.#object.functions;
  }

  /** In the order of the object: those of `.maps` first, then sections. */
  get maps(): readonly MapSpec[] {
    return [...this.#maps.values()];
  }

  get variables(): readonly VariableSpec[] {
    return this.#object.variables;
  }

  program(name: string): ProgramSpec {
    return this.#found("program", name, this.programs);
  }

  map(name: string): MapSpec {
    return this.#maps.get(name) ?? this.#found("map", name, this.maps);
  }

  /** What BPF_BTF_LOAD takes. */
  kernelBtf(): Uint8Array {
    this.#kernelBtf ??= forKernel(this.btf, this.#object.hiddenFunctions).encode();
    return this.#kernelBtf;
  }

  /** Undefined where the map's definition gives no type; so for the next. */
  keyCodec(map: string): Codec | undefined {
    const { keyTypeId } = this.map(map);
    return keyTypeId === 0 ? undefined : codecOf(this.btf, keyTypeId);
  }

  /** Of a ring buffer, what its events are. */
  valueCodec(map: string): Codec | undefined {
    const { valueTypeId } = this.map(map);
    const isSection = this.btf.type(valueTypeId)?.kind === "datasec";
    return valueTypeId === 0 || isSection ? undefined : codecOf(this.btf, valueTypeId);
  }

  /** What a variable has when the object is loaded. */
  variable(name: string): Value {
    const variable = this.#variable(name);
    const { map, offset } = variable;
    const codec = this.#variableCodec(variable);
    const contents = this.map(map).contents ?? new Uint8Array(0);
    return codec.decode(contents.subarray(offset, offset + codec.size));
  }

  /** Sets what a variable has when the object is loaded. */
  setVariable(name: string, value: ValueInput): this {
    const variable = this.#variable(name);
    const { map, offset, typeId } = variable;
    const spec = this.map(map);
    if (spec.isConstant && !this.isSetting(typeId)) {
      throw new AppError(
        "spec",
        `${this.name}: ${name} is const and not volatile, so the compiler has used its value ` +
          `already: declare it volatile const`,
      );
    }
    const bytes = this.#variableCodec(variable).encode(value, name);
    const contents = (spec.contents ?? new Uint8Array(spec.valueSize)).slice();
    contents.set(bytes, offset);
    this.#maps.set(map, { ...spec, contents });
    return this;
  }

  setVariables(values: { readonly [name: string]: ValueInput }): this {
    for (const [name, value] of Object.entries(values)) this.setVariable(name, value);
    return this;
  }

  /** Changes what of a map is its user's choice. */
  setMap(name: string, options: MapOptions): this {
    const { inner: innerOptions, numaNode, ...own } = options;
    const spec = this.map(name);
    if (innerOptions !== undefined && spec.inner === undefined) {
      throw new AppError("spec", `${this.name}: ${name} is no map of maps`);
    }
    const flags = (own.flags ?? spec.flags) | (numaNode === undefined ? 0 : MapFlag.numaNode);
    this.#maps.set(name, {
      ...spec,
      ...own,
      flags,
      numaNode: numaNode ?? spec.numaNode,
      inner: spec.inner === undefined ? undefined : { ...spec.inner, ...innerOptions },
    });
    return this;
  }

  #variable(name: string): VariableSpec {
    const [variable, second] = this.variables.filter((each) => each.name === name);
    if (variable === undefined) return this.#found("variable", name, this.variables);
    if (second === undefined) return variable;
    throw new AppError(
      "spec",
      `${this.name}: ${variable.map} and ${second.map} have a variable ${name} each: rename one`,
    );
  }

  #variableCodec({ name, size, typeId }: VariableSpec): Codec {
    const codec = codecOf(this.btf, typeId);
    // A variable may be larger than its type: C lets one fill an array without a length.
    if (codec.size <= size) return codec;
    const offset = this.btf.type(typeId)?.offset ?? 0;
    throw new DecodeError(`${quote(name)} of ${size} bytes is smaller than its type`, offset);
  }

  /** Whether the compiler has left a constant of that type to whoever loads it: volatile const. */
  isSetting(typeId: number): boolean {
    let id = typeId;
    // Circles have been refused when the size was asked for.
    for (let depth = 0; depth < MAX_MODIFIERS; depth++) {
      const type = this.btf.type(id);
      if (type?.kind === "volatile") return true;
      if (type?.kind === "array") id = type.element;
      else if (type?.kind === "const" || type?.kind === "typedef") id = type.target;
      else return false;
    }
    return false;
  }

  #found<T extends { readonly name: string }>(kind: string, name: string, all: readonly T[]): T {
    const found = all.find((each) => each.name === name);
    if (found !== undefined) return found;
    const names = all.map((each) => each.name).join(", ");
    const there = all.length === 0 ? "there are none" : `there are ${names}`;
    throw new AppError("not-found", `${this.name}: there is no ${kind} ${name}: ${there}`);
  }
}

const MAX_MODIFIERS = 64;
