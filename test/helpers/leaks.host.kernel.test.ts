import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { deleteNamespace, listNamespaces, openNetlink } from "#netlink";
import { bpfFolder } from "./bpf-folder.ts";

// What tests leave in the kernel fails their run and names who made it.

const folder = join(import.meta.dirname, "testdata/kernel-leaks");
const pins = join(bpfFolder(), "..");

after(() => {
  using netlink = openNetlink();
  if (netlink.links.get("ciliate-leak0") !== undefined) netlink.links.delete("ciliate-leak0");
  for (const name of listNamespaces()) if (name.startsWith("ciliate-leak-")) deleteNamespace(name);
  for (const name of readdirSync(pins))
    if (name.startsWith("ciliate-leak-")) rmSync(join(pins, name));
});

const kinds = {
  "device.ts": "device",
  "link.ts": "link",
  "map.ts": "map leak",
  "namespace.ts": "namespace",
  "pin.ts": "pin",
};

test("each kind has a test", () => {
  assert.deepEqual(readdirSync(folder).toSorted(), Object.keys(kinds));
});

for (const [file, kind] of Object.entries(kinds)) {
  test(`a ${kind} that is left fails the run and names the line that made it`, () => {
    const args = ["--import", "tsx", "tools/run.ts", join(folder, file)];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    const output = stdout + stderr;
    assert.notEqual(status, 0, output);
    assert.match(output, /1 left open by the tests/);
    assert.match(output, new RegExp(kind));
    assert.match(output, new RegExp(`kernel-leaks/${file}:\\d+`));
  });
}
