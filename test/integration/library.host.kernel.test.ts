import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

// The package as others get it: packed, installed in an empty project, and its examples run.

const root = join(import.meta.dirname, "../..");
const project = mkdtempSync(join(tmpdir(), "ciliate-library-"));
after(() => rmSync(project, { recursive: true, force: true }));

function run(folder: string, program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test("the packed package installs in an empty project", () => {
  run(root, process.execPath, "--import", "tsx", "tools/build.ts");
  const tarball = run(root, "npm", "pack", "--silent", "--pack-destination", project).trim();
  writeFileSync(
    join(project, "package.json"),
    '{"name":"somebodys","type":"module","private":true}\n',
  );
  run(
    project,
    "npm",
    "install",
    "--silent",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    tarball,
  );
  for (const name of readdirSync(join(root, "docs/examples"))) {
    copyFileSync(join(root, "docs/examples", name), join(project, name));
  }
});

test("an example counts packets that were made up", () => {
  const output = run(project, process.execPath, "count.mjs");
  assert.match(output, /^protocol 17: 1000 packets\n\d+ ns a packet\n$/);
});

test("an example watches a device of a namespace", () => {
  const send = `const s = require("dgram").createSocket("udp4"); s.send("x", 9, "127.0.0.1", () => s.close())`;
  writeFileSync(
    join(project, "up.mjs"),
    `import { openNetlink } from "ciliate/netlink"; openNetlink().links.set("lo", { isUp: true }); process.exit();`,
  );
  const node = `"${process.execPath}"`;
  const script = `${node} up.mjs; (sleep 0.5; ${node} -e '${send}') & exec ${node} watch.mjs lo 2`;
  const output = run(project, "unshare", "--net", "sh", "-c", script);
  assert.match(output, /in {2}protocol 17, \d+ > 9, 43 bytes/);
  assert.match(output, /out protocol 17, \d+ > 9, 43 bytes/);
});

test("the types are those of the source, and a wrong use is refused", () => {
  const types = join(project, "node_modules/@types");
  // What others brought along is of versions that nobody chose.
  rmSync(types, { recursive: true, force: true });
  symlinkSync(join(root, "node_modules/@types"), types);
  writeFileSync(
    join(project, "use.ts"),
    `import { Collection, type KernelMap } from "ciliate/ebpf";
import { CollectionSpec } from "ciliate/ebpf/spec";
import { openNetlink } from "ciliate/netlink";
const collection: Collection = Collection.load(CollectionSpec.parse(new Uint8Array()));
const map: KernelMap = collection.map("x");
export const value: Uint8Array | undefined = map.lookup(new Uint8Array(4));
// @ts-expect-error: keys are bytes
map.lookup("key");
export const index: number | undefined = openNetlink().links.get("lo")?.index;
`,
  );
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--types",
    "node",
    "use.ts",
  ];
  run(project, join(root, "node_modules/.bin/tsc"), ...options);
});
