import { writeSync } from "node:fs";

import { objectKey } from "./keys.ts";
import { ObjectStore } from "./object-store.ts";

export const WRITERS = 20;
const OBJECTS = 50;

/**
 * Writes for ever, from several writers at once, and prints each write that it was told is kept:
 * what the test of crashes kills. Its output is a file, which takes all that is written.
 */
export async function writeForEver(folder: string): Promise<void> {
  const store = ObjectStore.open(folder);
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(store, writer)));
}

async function write(store: ObjectStore, writer: number): Promise<never> {
  for (let serial = 0; ; serial++) {
    const name = `w${writer}-${serial % OBJECTS}`;
    const key = objectKey({ group: "", plural: "pods", namespace: "default", name });
    const isDeletion = serial % 7 === 6;
    const stored = await store.modify(key, () =>
      isDeletion ? undefined : { metadata: { name }, serial },
    );
    // At once, and not by a stream: what is in a stream dies with the process.
    if (stored) writeSync(1, `${key} ${stored.revision} ${isDeletion ? "-" : serial}\n`);
  }
}
