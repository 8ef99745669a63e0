import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ciliumProgram } from "./cilium/commands.ts";
import { goArch, goOs } from "./cilium/version.ts";
import { runProgram } from "./program.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const version = (
  JSON.parse(readFileSync(here("../../package.json"), "utf8")) as { version: string }
).version;

interface Result {
  status: number;
  out: string;
  err: string;
}

async function cilium(...args: string[]): Promise<Result> {
  const result: Result = { status: 0, out: "", err: "" };
  result.status = await runProgram(ciliumProgram, args, {
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
  });
  return result;
}

test("cilium version runs from sources and prints one line", async () => {
  const args = ["--import", "tsx", here("./cilium.ts"), "version", "--client"];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  assert.match(stdout, /^cilium-cli: v\d+\.\d+\.\d+ compiled with node v[\d.]+ on \w+\/\w+\n$/);
  assert.equal(stderr, "");
});

test("cilium version -o json is JSON, and another format is refused", async () => {
  const { status, out } = await cilium("version", "-o", "json");
  assert.equal(status, 0);
  const { Client: client } = JSON.parse(out) as { Client: Record<string, string> };
  assert.equal(client["Version"], version);
  assert.equal(client["Arch"], goArch(process.arch));

  const refused = await cilium("version", "-o", "toml");
  assert.deepEqual([refused.status, refused.out], [1, ""]);
  assert.match(refused.err, /^Error: .*'toml' is invalid.*\n$/);
});

test("-v and --version are the client's version", async () => {
  const client = await cilium("version", "--client");
  assert.deepEqual(await cilium("--version"), client);
  assert.deepEqual(await cilium("-v"), client);
});

test("systems and machines have the names that Go gives them", () => {
  assert.deepEqual([goArch("x64"), goArch("arm64")], ["amd64", "arm64"]);
  assert.deepEqual([goOs("linux"), goOs("win32")], ["linux", "windows"]);
});

test("help comes by any of its ways, with exit code 0", async () => {
  const byOption = await cilium("--help");
  assert.equal(byOption.status, 0);
  assert.match(byOption.out, /Usage: cilium .*\n[^]*version +Display detailed version/);
  assert.deepEqual(await cilium("help"), byOption);
  assert.deepEqual(await cilium(), byOption);
});

test("the help of a command shows its options, by any of its ways", async () => {
  const byOption = await cilium("version", "--help");
  assert.equal(byOption.status, 0);
  assert.match(byOption.out, /--client +only the version of this program/);
  assert.deepEqual(await cilium("help", "version"), byOption);
});

test("wrong words get a sentence and exit code 1", async () => {
  const cases: [string[], RegExp][] = [
    [["versoin"], /^Error: unknown command 'versoin'\n\(Did you mean version\?\)\n$/],
    [["help", "versoin"], /^Error: unknown command 'versoin'\n\(Did you mean version\?\)\n$/],
    [["--nonsense"], /^Error: unknown option '--nonsense'\n$/],
    [["version", "--nonsense"], /^Error: unknown option '--nonsense'\n$/],
    [["version", "extra"], /^Error: too many arguments for 'version'.*\n$/],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await cilium(...args);
    assert.deepEqual([status, out], [1, ""], args.join(" "));
    assert.match(err, message);
  }
});
