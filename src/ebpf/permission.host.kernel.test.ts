import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Runs a few lines as root without any of root's capabilities; answers what they print. */
function withoutCapabilities(program: string): string {
  const args = [
    "--bounding-set=-all",
    "--inh-caps=-all",
    process.execPath,
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    program,
  ];
  const { stdout, stderr } = spawnSync("setpriv", args, { encoding: "utf8" });
  return stdout + stderr;
}

test("without the capability, the error says which one it takes", () => {
  const output = withoutCapabilities(`
    import { KernelMap } from "#ebpf";
    import { openNetlink } from "#netlink";
    const say = (action) => { try { action(); } catch (error) { console.log(error.message); } };
    say(() => KernelMap.create({ name: "m", type: 2, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 }));
    say(() => openNetlink().links.set("lo", { isUp: true }));
    process.exit();`);
  assert.match(output, /^creating map m: EPERM, not permitted; it needs CAP_BPF/m);
  assert.match(output, /lo.*EPERM.*CAP_NET_ADMIN/);
});
