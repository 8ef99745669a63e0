import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createReadStream, openSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { openResources } from "#base";

test("closes what it opens", async () => {
  closeSync(openSync(import.meta.filename, "r"));
  await (await open(import.meta.filename)).close();
  await readFile(import.meta.filename);
  for await (const _chunk of createReadStream(import.meta.filename));
  await new Promise<void>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => server.close(() => resolve()));
  });
  openResources.closed(openResources.opened("namespace", "lab-1"));
});

test("ends what it starts", async () => {
  clearInterval(setInterval(() => {}, 1));
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      resolve();
    }, 1);
  });
  const child = spawn("true");
  await once(child, "close");
});
