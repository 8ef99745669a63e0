import assert from "node:assert/strict";
import { test } from "node:test";
import type { Verdict } from "#policy";
import { drawMatrix } from "./matrix-picture.ts";

const PLAIN = { width: 80, hasColour: false };

/** Every pair of pods on the target's ports, judged by `isAllowed`. */
function verdicts(
  pods: Readonly<Record<string, readonly number[]>>,
  isAllowed: (from: string, to: string, port: number) => boolean | "l7",
): Verdict[] {
  const names = Object.keys(pods);
  return names.flatMap((from) =>
    names.flatMap((to) =>
      (from === to ? [] : (pods[to] ?? [])).map((port): Verdict => {
        const passes = isAllowed(from, to, port);
        const verdict = passes === false ? "denied" : "allowed";
        const l7 = passes === "l7" ? ({ l7: true } as const) : {};
        const base = { from, to, protocol: port === 53 ? "UDP" : "TCP", port, ...l7 };
        return { ...base, verdict, egress: "allowed", ingress: verdict, because: [] };
      }),
    ),
  );
}

test("rows connect and columns are connected to", () => {
  const pods = { "demo/api": [3000, 9090], "demo/db": [5432], "kube-system/dns": [53] };
  const picture = drawMatrix(
    verdicts(pods, (from, to, port) => (port === 3000 ? "l7" : to > from)),
    PLAIN,
  );
  assert.equal(
    picture,
    [
      "             demo              kube-system",
      "from \\ to    api         db    dns",
      "             3000  9090  5432  53/UDP",
      "demo",
      "  api        ·     ·     ✓     ✓",
      "  db         ◐     ✗     ·     ✓",
      "kube-system",
      "  dns        ◐     ✗     ✗     ·",
      "",
      "✓ allowed (3)   ◐ allowed, if its requests are (2)   ✗ denied (3)   · itself",
      "",
    ].join("\n"),
  );
});

test("many pods that behave alike share a row", () => {
  const pods: Record<string, number[]> = { "shop/db": [5432] };
  for (let index = 0; index < 40; index++) pods[`shop/web-${index}`] = [80];
  const picture = drawMatrix(
    verdicts(pods, (_, to) => to === "shop/db"),
    PLAIN,
  );
  assert.match(picture, /web-0 ×40 +✓ +✗/);
  assert.ok(picture.split("\n").length < 12, picture);
});

test("a picture wider than the terminal goes on below", () => {
  const pods: Record<string, number[]> = {};
  for (let index = 0; index < 14; index++) pods[`a-namespace/pod-number-${index}`] = [8000 + index];
  const picture = drawMatrix(
    verdicts(pods, () => true),
    PLAIN,
  );
  for (const line of picture.split("\n")) assert.ok(line.length <= 80, line);
  assert.ok(picture.includes("8013"));
});

test("long names are cut in the middle, and it says so", () => {
  const long = "shop/recommendation-service-7d9f8c6b5-x2x9z";
  const picture = drawMatrix(
    verdicts({ [long]: [80], "shop/a": [80] }, () => true),
    PLAIN,
  );
  assert.match(picture, /recommenda…c6b5-x2x9z/);
  assert.match(picture, /names are cut/);
});

test("colours come where they are wanted", () => {
  const some = verdicts({ "a/a": [80], "a/b": [80] }, () => true);
  assert.ok(drawMatrix(some, { width: 80, hasColour: true }).includes("\u001b[32m✓\u001b[0m"));
  assert.ok(!drawMatrix(some, PLAIN).includes("\u001b"));
});

test("nothing to draw is said", () => {
  assert.match(drawMatrix([], PLAIN), /nothing to draw/);
});
