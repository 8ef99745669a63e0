import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import { createNamespace, deleteNamespace, listNamespaces } from "#netlink";

const home = statSync("/proc/thread-self/ns/net").ino;

test("one in the common folder is seen by ip, and one that ip made is seen here", (context) => {
  const name = `ciliate-test-${process.pid}`;
  const created = createNamespace(name);
  try {
    assert.ok(listNamespaces().includes(name));
    assert.ok(existsSync(`/var/run/netns/${name}`));
    let list: string;
    try {
      list = execFileSync("ip", ["-netns", name, "-o", "link"], { encoding: "utf8" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      context.diagnostic("there is no ip here");
      return;
    }
    assert.match(list, /^1: lo:/);
  } finally {
    created.close();
    deleteNamespace(name);
  }
});

test("the threads of the pool are at home, also when they are first needed inside", () => {
  const program = `
    import { readlink } from "node:fs";
    import { createAnonymousNamespace, withNamespace } from "#netlink";
    const blue = createAnonymousNamespace("blue");
    withNamespace(blue, () => {
      for (let task = 0; task < 8; task++) {
        readlink("/proc/thread-self/ns/net", (_, link) => console.log(link));
      }
    });`;
  const output = execFileSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", program],
    { encoding: "utf8" },
  );
  assert.deepEqual(new Set(output.trim().split("\n")), new Set([`net:[${home}]`]));
});
