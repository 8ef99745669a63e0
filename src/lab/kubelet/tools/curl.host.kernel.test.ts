import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CURL } from "./curl.ts";

// The stand-in for machines without curl, as people type it.

const FOLDER = mkdtempSync(join(tmpdir(), "ciliate-curl-"));
const PROGRAM = join(FOLDER, "curl.cjs");
writeFileSync(PROGRAM, CURL);
after(() => rmSync(FOLDER, { recursive: true }));

interface Result {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

async function curl(...words: string[]): Promise<Result> {
  const child = spawn(process.execPath, [PROGRAM, ...words]);
  const result = { out: "", err: "" };
  child.stdout.on("data", (bytes) => (result.out += String(bytes)));
  child.stderr.on("data", (bytes) => (result.err += String(bytes)));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, ...result };
}

test("curl fetches, posts, follows and says why it cannot", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/" }).end();
    else if (request.url === "/no") response.writeHead(403).end("denied\n");
    else {
      response.write(`${request.method} ${String(request.headers["x-token"] ?? "-")} `);
      request.pipe(response);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const at = `127.0.0.1:${port}`;
  try {
    assert.deepEqual(await curl("-s", at), { status: 0, out: "GET - ", err: "" });
    const post = await curl("-sS", "-X", "POST", "-H", "X-Token: t", "-d", "a=1", `http://${at}/`);
    assert.equal(post.out, "POST t a=1");
    assert.equal((await curl("-sL", `${at}/moved`)).out, "GET - ");
    const code = await curl("-s", "-o", "/dev/null", "-w", "%{http_code}\\n", `${at}/no`);
    assert.equal(code.out, "403\n");
    assert.deepEqual(await curl("-fsS", `${at}/no`), {
      status: 22,
      out: "",
      err: "curl: (22) The requested URL returned error: 403\n",
    });
    assert.equal((await curl("-s", "--max-time", "5", "127.0.0.1:1")).status, 7);
    assert.equal((await curl("--nonsense", at)).status, 2);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
