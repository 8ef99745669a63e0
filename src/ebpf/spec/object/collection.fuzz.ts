import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { INSTRUCTION_BYTES } from "../instructions.ts";
import { linkProgram } from "../link/link-program.ts";
import { CollectionSpec } from "./collection.ts";

const OBJECTS = ["empty", "bad", "core", "kfunc", "ring", "maps"];

/** A hostile type is found out when somebody asks about it. */
function orRefused(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

const target: FuzzTarget = defineFuzz({
  corpus: () =>
    OBJECTS.map((name) => readFileSync(join(import.meta.dirname, `../../testdata/${name}.bpf.o`))),
  run(input) {
    const spec = CollectionSpec.parse(input);
    for (const program of spec.programs) {
      const { instructions, maps, kfuncs, functions } = linkProgram(spec, program);
      const count = instructions.length / INSTRUCTION_BYTES;
      for (const { instruction } of [...maps, ...kfuncs, ...functions]) {
        assert(instruction < count, "what is left to fill in is in the program");
      }
      for (const { map } of maps) spec.map(map);
    }
    spec.kernelBtf();
    for (const map of spec.maps) {
      assert(
        map.contents === undefined || map.contents.length === map.valueSize,
        "a whole section",
      );
      orRefused(() => spec.keyCodec(map.name));
      orRefused(() => spec.valueCodec(map.name));
    }
    for (const { map, offset, typeId, size } of spec.variables) {
      assert(offset + size <= spec.map(map).valueSize, "a variable is in its section");
      spec.isSetting(typeId);
    }
    const names = spec.variables.map(({ name }) => name);
    for (const name of new Set(names)) {
      const isOne = names.indexOf(name) === names.lastIndexOf(name);
      if (isOne) orRefused(() => void spec.variable(name));
    }
  },
});
export default target;
