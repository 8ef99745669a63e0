import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./lib/files.ts";

/** An npm that empties node_modules first, as `npm ci` does, and fills it when it is told to go on. */
const NPM = `
const { appendFileSync, existsSync, mkdirSync, rmSync, symlinkSync } = require("node:fs");
appendFileSync("log", "npm " + process.argv.slice(2).join(" ") + "\\n");
rmSync("node_modules", { recursive: true, force: true });
const timer = setInterval(() => {
  if (!existsSync("go-on")) return;
  clearInterval(timer);
  mkdirSync("node_modules");
  symlinkSync(process.env.TSX, "node_modules/tsx");
  process.exitCode = Number(process.env.NPM_STATUS);
}, 20);
`;

interface Outcome {
  status: number;
  output: string;
}

/** A tree with nothing in it but the bootstrap and a command. */
class Clone implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "ciliate-bootstrap-"));

  constructor() {
    mkdirSync(join(this.folder, "tools/lib"), { recursive: true });
    for (const name of ["bootstrap.mjs", "lib/turns.mjs"]) {
      copyFileSync(join(import.meta.dirname, name), join(this.folder, "tools", name));
    }
    writeFileSync(join(this.folder, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(this.folder, "package-lock.json"), "{}");
    writeFileSync(join(this.folder, "npm.cjs"), NPM);
    writeFileSync(
      join(this.folder, "tools/tidy.ts"),
      `import "node:fs"; console.log("tidied", process.argv[2]);`,
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }

  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** An entry of a process that is gone: whoever was killed while he installed. */
  killedInstall(): void {
    const { pid } = spawnSync(process.execPath, ["--eval", ""]);
    mkdirSync(join(this.folder, ".cache/npm-install", String(pid)), { recursive: true });
  }

  goOn(): void {
    writeFileSync(join(this.folder, "go-on"), "");
  }

  /** `onWait` is called when the command says that it waits. */
  async run(word: string, { npmStatus = 0, onWait = (): void => {} } = {}): Promise<Outcome> {
    const script = join(this.folder, "tools/bootstrap.mjs");
    const child = spawn(process.execPath, [script, "tidy", word], {
      env: {
        ...process.env,
        npm_execpath: join(this.folder, "npm.cjs"),
        NPM_STATUS: String(npmStatus),
        TSX: join(root, "node_modules/tsx"),
      },
      stdio: ["ignore", "pipe", "ignore"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (/^Waiting for process \d+, which/m.test(chunk)) onWait();
    });
    const [status] = await once(child, "close");
    return { status: Number(status), output };
  }
}

test("of commands that start together one installs, and the others wait for it", async () => {
  using clone = new Clone();
  const words = ["red", "green", "blue"];
  let waiting = 0;
  const onWait = (): void => {
    waiting += 1;
    if (waiting === words.length - 1) clone.goOn();
  };
  const runs = await Promise.all(words.map((word) => clone.run(word, { onWait })));
  assert.deepEqual(
    runs.map(({ status, output }) => [status, /tidied (\w+)\n$/.exec(output)?.[1]]),
    words.map((word) => [0, word]),
  );
  assert.equal(clone.log, "npm ci\n");
});

test("an install that was killed keeps nobody from his own", async () => {
  using clone = new Clone();
  clone.killedInstall();
  clone.goOn();
  const { status, output } = await clone.run("red");
  assert.equal(status, 0);
  assert.doesNotMatch(output, /Waiting/);
});

test("after an install that failed the next one tries", async () => {
  using clone = new Clone();
  clone.goOn();
  const failed = await clone.run("red", { npmStatus: 1 });
  assert.equal(failed.status, 1);
  assert.doesNotMatch(failed.output, /tidied/);
  const good = await clone.run("green");
  assert.equal(good.status, 0);
  assert.equal(clone.log, "npm ci\nnpm ci\n");
});
