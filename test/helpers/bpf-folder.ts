import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { findBpfFilesystem, mountBpfFilesystem, unmountBpfFilesystem } from "#ebpf";

const USUAL_PLACE = "/sys/fs/bpf";
let made = 0;

/** A folder for pins that goes when the tests of the file are done. Mounts a bpffs where there is none. */
export function bpfFolder(): string {
  const mounted = findBpfFilesystem();
  if (mounted === undefined) mountBpfFilesystem(USUAL_PLACE);
  const folder = join(mounted ?? USUAL_PLACE, `ciliate-test-${process.pid}-${made++}`);
  mkdirSync(folder);
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    if (mounted === undefined) unmountBpfFilesystem(USUAL_PLACE);
  });
  return folder;
}
