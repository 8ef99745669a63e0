import type { Case, Step } from "./generate-case.ts";
import { namespaceOf, type RawObject } from "./raw.ts";

function keyOf(object: RawObject): string {
  return `${object.kind} ${namespaceOf(object)}/${object.metadata.name}`;
}

/** What is there after each step, the objects before any step first. */
export function* histories({ objects, steps }: Case): Generator<readonly RawObject[]> {
  const all = [...objects];
  const present = new Map(all.map((object) => [keyOf(object), object]));
  yield [...present.values()];
  for (const step of steps) {
    const object = all[step.at % all.length];
    if (object === undefined) continue;
    take(step, object, present);
    yield [...present.values()];
  }
}

function take(step: Step, object: RawObject, present: Map<string, RawObject>): void {
  const key = keyOf(object);
  if (step.kind === "remove") present.delete(key);
  else if (step.kind === "restore") present.set(key, object);
  else present.set(key, { ...object, metadata: { ...object.metadata, labels: step.labels } });
}
