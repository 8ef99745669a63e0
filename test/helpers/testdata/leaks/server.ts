import { createServer } from "node:net";
import { test } from "node:test";

test("leaves a server listening", (_context, done) => {
  createServer().listen(0, "127.0.0.1", () => done());
});
