import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "#test";
import { aptReachConfig, debianMirror } from "./apt.ts";
import { enterScript, inNamespaces, quote } from "./enter.ts";
import { librariesOf } from "./host.ts";

test("the mirror is the machine's own, from either form of apt's files", () => {
  const list = `# deb http://old.example/debian bookworm main
deb https://packages.example/tool stable main
deb http://security.example/debian-security bookworm-security main
deb [signed-by=/k.gpg arch=amd64] http://near.example/debian/ bookworm main
`;
  const sources = `Types: deb
URIs: http://deb.example/debian-security http://deb.example/debian
Suites: bookworm
`;
  assert.equal(debianMirror([list, sources]), "http://near.example/debian");
  assert.equal(debianMirror([sources]), "http://deb.example/debian");
});

test("a machine that is no Debian gets Debian's own mirror", () => {
  const ubuntu = "deb http://archive.ubuntu.com/ubuntu noble main\n";
  assert.equal(debianMirror([ubuntu]), "http://deb.debian.org/debian");
  assert.equal(debianMirror([]), "http://deb.debian.org/debian");
});

test("of apt's settings only those about reaching a mirror are taken over", () => {
  const dump = `Acquire "";
Acquire::Check-Date "false";
Acquire::Languages "none";
Acquire::http "";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::https::Proxy "";
`;
  assert.equal(
    aptReachConfig(dump),
    'Acquire::Check-Date "false";\nAcquire::http::Proxy "http://proxy.example:3128";\n',
  );
});

test("libraries are found in what ldd prints", () => {
  const text = `	linux-vdso.so.1 (0x00007f20c794f000)
	libdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f20c7939000)
	/lib64/ld-linux-x86-64.so.2 (0x00007f20c7951000)
`;
  assert.deepEqual(librariesOf(text), [
    "/lib/x86_64-linux-gnu/libdl.so.2",
    "/lib64/ld-linux-x86-64.so.2",
  ]);
  assert.deepEqual(librariesOf("	not a dynamic executable\n"), []);
});

property(
  "a quoted word is that word to the shell",
  fc.array(fc.string()),
  (words) => {
    const clean = words.map((word) => word.replaceAll("\0", ""));
    const script = `printf '%s\\0' ${clean.map(quote).join(" ")} end`;
    const output = execFileSync("sh", ["-c", script], { encoding: "utf8" });
    assert.deepEqual(output.split("\0").slice(0, -1), [...clean, "end"]);
  },
  { runs: 20 },
);

test("the script that enters a system is one that a shell can read, whatever the folder's name", () => {
  const binds = [{ from: "/usr/bin/node", to: "/usr/local/bin/node" }];
  const script = enterScript("/tmp/it's here", binds, "npm test");
  execFileSync("sh", ["-n", "-c", script]);
  const lines = script.split("\n");
  assert.ok(lines.includes("mount --bind '/usr/bin/node' '/tmp/it'\\''s here/usr/local/bin/node'"));
  const chroot = lines.findIndex((line) => line.startsWith("chroot "));
  const lastMount = lines.findLastIndex((line) => line.startsWith("mount "));
  assert.ok(lastMount < chroot, "all is mounted before it is entered");
});

test("everything runs where mounts cannot get out and processes cannot stay", () => {
  const command = inNamespaces("sh", "-c", "true").join(" ");
  for (const option of ["--mount", "--propagation private", "--pid", "--kill-child"]) {
    assert.ok(command.includes(option), option);
  }
});
