import assert from "node:assert/strict";
import { release } from "node:os";
import { test } from "node:test";
import { NotSupportedError } from "#base";
import { type FeatureName, probeFeatures, requireFeature } from "#ebpf";

const [major = 0, minor = 0] = release().split(".").map(Number);

function isAtLeast(wantedMajor: number, wantedMinor: number): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

test("what every supported kernel has is found", () => {
  const found = probeFeatures();
  const everywhere: FeatureName[] = [
    "ringBuffer",
    "lpmTrie",
    "skLookup",
    "socketConnect",
    "getpeername",
    "boundedLoops",
    "redirectPeer",
    "mapWalk",
    "syscallPrograms",
  ];
  assert.deepEqual(
    everywhere.filter((name) => !found[name]),
    [],
  );
});

test("tcx is found exactly where the kernel has it, and its absence is told with the kernel that has it", () => {
  assert.equal(probeFeatures().tcx, isAtLeast(6, 6));
  if (isAtLeast(6, 6)) return requireFeature("tcx");
  assert.throws(
    () => requireFeature("tcx"),
    (error) =>
      error instanceof NotSupportedError &&
      error.minimumKernel === "6.6" &&
      /Linux 6\.6 or later/.test(error.message),
  );
  return undefined;
});
