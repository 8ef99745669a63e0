import { join } from "node:path";
import { runScripts } from "#test";
import { modelOf, ruleOf } from "../../oracles/policy/product.ts";
import type { RawObject } from "../../oracles/policy/raw.ts";
import { commandsOf } from "./world.ts";

function keyOf({ kind, metadata }: RawObject): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

runScripts(join(import.meta.dirname, "testdata"), () => {
  const objects = new Map<string, RawObject>();
  let model: ReturnType<typeof modelOf> | undefined;
  const commands = commandsOf({
    upsert: (object) => {
      objects.set(keyOf(object), object);
      model = undefined;
    },
    remove: (object) => {
      objects.delete(keyOf(object));
      model = undefined;
    },
    rule: (probe) => {
      model ??= modelOf([...objects.values()]);
      return ruleOf(model, probe);
    },
  });
  return { commands };
});
