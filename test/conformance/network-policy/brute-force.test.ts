import { join } from "node:path";
import { runScripts } from "#test";
import { judgeByBruteForce } from "../../oracles/policy/judge.ts";
import type { RawObject } from "../../oracles/policy/raw.ts";
import { commandsOf } from "./world.ts";

function keyOf({ kind, metadata }: RawObject): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

runScripts(join(import.meta.dirname, "testdata"), () => {
  const objects = new Map<string, RawObject>();
  const commands = commandsOf({
    upsert: (object) => void objects.set(keyOf(object), object),
    remove: (object) => void objects.delete(keyOf(object)),
    rule: (probe) => judgeByBruteForce([...objects.values()], probe),
  });
  return { commands };
});
