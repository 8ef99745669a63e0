import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ciliumProgram } from "../commands.ts";
import { runProgram } from "../../program.ts";

const FOLDER = join(import.meta.dirname, "testdata", "three-tier");
const file = (name: string): string => join(FOLDER, `${name}.yaml`);
const CLUSTER = [file("pods"), file("policies"), file("frontend-to-api")];
const CLUSTER_L7 = [file("pods"), file("policies"), file("frontend-to-api-l7")];

interface Result {
  status: number;
  out: string;
  err: string;
}

async function policy(args: readonly string[], input = ""): Promise<Result> {
  const result: Result = { status: 0, out: "", err: "" };
  result.status = await runProgram(ciliumProgram, ["policy", ...args], {
    out: (text) => {
      result.out += text;
    },
    err: (text) => {
      result.err += text;
    },
    input: async () => new TextEncoder().encode(input),
  });
  return result;
}

/** The answer where nothing is wrong. */
async function fine(args: readonly string[], input = ""): Promise<string> {
  const { status, out, err } = await policy(args, input);
  assert.deepEqual([status, err], [0, ""], out);
  return out;
}

const flow = (from: string, to: string, port: number): string[] => [
  "--from",
  `demo/${from}`,
  "--to",
  `demo/${to}`,
  "--port",
  String(port),
];

test("every subcommand has a help with examples", async () => {
  const help = await fine(["--help"]);
  for (const name of ["validate", "lint", "matrix", "verdict", "explain", "test"]) {
    assert.match(help, new RegExp(`^ +${name} .*[a-z]`, "m"));
    assert.match(await fine([name, "--help"]), /Examples:\n/);
  }
});

test("wrong words exit with 2", async () => {
  const cases: [string[], RegExp][] = [
    [["matirx"], /^Error: unknown command 'matirx'\n\(Did you mean matrix\?\)\n$/],
    [["matrix"], /^Error: missing required argument 'files'\n$/],
    [
      ["matrix", "none.yaml"],
      /^Error: Cannot read "none.yaml": there is no such file or folder\.\n$/,
    ],
    [["verdict", "-", "--from", "a/b"], /^Error: Say --from, --to and --port/],
    [["verdict", "-", "--probes", "-"], /^Error: Manifests and probes cannot both be standard/],
    [["verdict", "-", ...flow("a", "b", 70_000)], /^Error: .*'70000' is invalid/],
    [
      ["verdict", "-", ...flow("a", "b", 1), "--http", "GET"],
      /^Error: --http "GET" is not a method/,
    ],
    [["verdict", "-", ...flow("a", "b", 1), "--host", "h"], /^Error: --host and --header describe/],
    [["explain", "-"], /^Error: required option '--from <from>' not specified\n$/],
    [["test", "-"], /^Error: There is no case to test/],
    [["matrix", "-", "-n", ""], /^Error: .*'' is invalid/],
    [["verdict", "-", "--probes", "p", "--http", "GET /"], /^Error: A probe is a connection/],
    [
      ["verdict", ...CLUSTER, ...flow("fronted", "api", 1)],
      /^Error: "demo\/fronted": .*; did you mean "demo\/frontend"\?\n$/,
    ],
    [
      ["explain", ...CLUSTER, "--from", "other/api", "--to", "world", "--port", "1"],
      /did you mean "demo\/api"\?\n$/,
    ],
  ];
  for (const [args, message] of cases) {
    const { status, out, err } = await policy(args);
    assert.deepEqual([status, out], [2, ""], args.join(" "));
    assert.match(err, message);
  }
});

test("what is no YAML is told with its place", async () => {
  const { status, err } = await policy(["matrix", "-"], "a: 1\nb: [\n");
  assert.equal(status, 2);
  assert.match(err, /^Error: <stdin>:3:1: .*\n$/);
  const validated = await policy(["validate", "-"], "a: 1\nb: [\n");
  assert.equal(validated.status, 1);
  assert.match(validated.out, /^<stdin>:3: column 1: .* \[yaml\]\n0 objects: 1 error\n$/);
});

test("validate tells file, line, object and field", async () => {
  const text = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: n}
spec:
  endpointSelector: {}
  ingress:
  - fromCIDR:
    - nonsense
    typo: 1
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
`;
  const { status, out } = await policy(["validate", "-"], text);
  assert.equal(status, 1);
  assert.match(out, /^<stdin>:8: CiliumNetworkPolicy\/n\/p: spec\.ingress\[0\]\.fromCIDR\[0\]: /m);
  assert.match(out, /^<stdin>:9: .*typo: warning: .* \[unknown-field\]$/m);
  assert.match(out, /not read, being nothing to policy: 1 Deployment\n$/);
  const { findings } = JSON.parse((await policy(["validate", "-", "-o", "json"], text)).out) as {
    findings: { line: number; severity: string; code: string }[];
  };
  assert.deepEqual(
    findings.map(({ line, severity }) => [line, severity]),
    [
      [8, "error"],
      [9, "warning"],
    ],
  );
});

test("a warning exits with 1 only where it is to be strict", async () => {
  const text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, typo: 1}\n";
  assert.equal((await policy(["validate", "-"], text)).status, 0);
  assert.equal((await policy(["validate", "-", "--strict"], text)).status, 1);
});

test("the exercise's manifests are valid", async () => {
  assert.match(await fine(["validate", FOLDER]), /\d+ objects: /);
});

test("the exercise's matrix shows who reaches whom", async () => {
  const out = await fine(["matrix", ...CLUSTER]);
  assert.equal(
    out,
    [
      "            demo",
      "from \\ to   api   database  frontend",
      "            3000  5432      80",
      "demo",
      "  api       ·     ✓         ✗",
      "  database  ✗     ·         ✗",
      "  frontend  ✓     ✗         ·",
      "",
      "✓ allowed (2)   ✗ denied (4)   · itself",
      "",
    ].join("\n"),
  );
  const l7 = await fine(["matrix", ...CLUSTER_L7]);
  assert.match(l7, /frontend +◐ +✗ +·\n/);
});

test("matrix -o json is one object with every verdict", async () => {
  const { verdicts } = JSON.parse(await fine(["matrix", ...CLUSTER, "-o", "json"])) as {
    verdicts: { from: string; to: string; verdict: string; because: { name: string }[] }[];
  };
  const found = verdicts.find(({ from, to }) => from === "demo/frontend" && to === "demo/api");
  assert.equal(found?.verdict, "allowed");
  assert.ok(found.because.some(({ name }) => name === "frontend-to-api"));
});

test("a verdict is a sentence and the rules behind it, with their places", async () => {
  const allowed = await fine(["verdict", ...CLUSTER, ...flow("frontend", "api", 3000)]);
  assert.match(allowed, /^✓ demo\/frontend may reach demo\/api on TCP port 3000\.\n/);
  assert.match(
    allowed,
    / by CiliumNetworkPolicy demo\/frontend-to-api, spec\.ingress\S+ \(\S+-api\.yaml:1\d\)\n/,
  );
  const denied = await fine(["verdict", ...CLUSTER, ...flow("frontend", "database", 5432)]);
  assert.match(denied, /^✗ demo\/frontend may not reach demo\/database on TCP port 5432: /);
});

test("requests are judged where rules are about them", async () => {
  const call = ["verdict", ...CLUSTER_L7, ...flow("frontend", "api", 3000)];
  assert.match(await fine([...call, "--http", "GET /"]), /^✓/);
  assert.match(await fine([...call, "--http", "POST /"]), /^✗/);
  assert.match(await fine(call), /if its requests are allowed too/);
});

test("--expect makes a verdict an exit code", async () => {
  const call = ["verdict", ...CLUSTER, ...flow("frontend", "api", 3000)];
  assert.equal((await policy([...call, "--expect", "allowed"])).status, 0);
  assert.equal((await policy([...call, "--expect", "denied"])).status, 1);
});

test("probes are answered in their order, and a bad one is named by its line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-probes-"));
  try {
    const probes = join(folder, "probes.jsonl");
    const line = (to: string, port: number): string =>
      JSON.stringify({ from: "demo/api", to, protocol: "TCP", port });
    writeFileSync(probes, `${line("demo/database", 5432)}\n\n${line("192.0.2.1", 443)}\n`);
    const out = await fine(["verdict", ...CLUSTER, "--probes", probes, "-o", "json"]);
    const { verdicts } = JSON.parse(out) as { verdicts: { verdict: string }[] };
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ["allowed", "denied"],
    );
    for (const [text, complaint] of [
      ["{", "is not JSON"],
      ['{"from": "a/b", "port": 1}', "to is missing"],
      [line("demo/nobody", 1), "demo/nobody"],
      ['{"from": "a/b", "to": "c/d", "port": 1, "protcol": "UDP"}', 'no field "protcol"'],
    ] as const) {
      writeFileSync(probes, `\n${text}\n`);
      const { status, err } = await policy(["verdict", ...CLUSTER, "--probes", probes]);
      assert.equal(status, 2);
      assert.ok(err.includes("probes.jsonl:2: ") && err.includes(complaint), err);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("explain tells a denial's missing rule", async () => {
  const out = await fine(["explain", ...CLUSTER, ...flow("frontend", "database", 5432)]);
  assert.match(out, /^✗ demo\/frontend may not reach demo\/database/);
  assert.match(out, /default-deny/);
});

test("lint names both policies of an L7 rule without effect", async () => {
  const { out } = await policy(["lint", ...CLUSTER_L7, file("frontend-to-api")]);
  assert.match(out, /frontend-to-api-l7/);
  assert.match(out, /frontend-to-api\b(?!-l7)/);
});

test("expectations hold, or are told with the verdict that came instead", async () => {
  const out = await fine(["test", ...CLUSTER_L7, file("expectations")]);
  assert.match(out, /^1\.\.5\nok 1 - three-tier: [^]*# all 5 hold\n$/);
  const wrong = await policy(["test", ...CLUSTER_L7, file("wrong")]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.out, /^1\.\.1\nnot ok 1 - wrong: /);
  assert.match(wrong.out, /# expected allowed, got denied\n/);
  const junit = await policy(["test", ...CLUSTER_L7, file("wrong"), "-o", "junit"]);
  assert.match(junit.out, /<testsuites tests="1" failures="1">/);
  const json = await policy(["test", ...CLUSTER_L7, file("wrong"), "-o", "json"]);
  assert.equal((JSON.parse(json.out) as { failed: number }).failed, 1);
});

test("-n gives a namespace to what has none", async () => {
  const pods = ["a", "b"].map(
    (name) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: c, ports: [{containerPort: 80}]}]}\n`,
  );
  const out = await fine(["matrix", "-", "-n", "shop", "-o", "json"], pods.join("---\n"));
  const { verdicts } = JSON.parse(out) as { verdicts: { from: string }[] };
  assert.ok(verdicts.some(({ from }) => from === "shop/a"));
});

test("what cannot be read does not take away what is wrong with the rest", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-unreadable-"));
  try {
    mkdirSync(join(folder, "folder.yaml"));
    const typo = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, typo: 1}\n";
    writeFileSync(join(folder, "pod.yaml"), typo);
    const { status, out, err } = await policy(["validate", "none.yaml", folder]);
    assert.equal(status, 2);
    assert.match(err, /^Error: Cannot read "none.yaml": there is no such file or folder\.\n$/);
    assert.match(out, /pod\.yaml:3: .*typo[^]*\n1 object: 1 warning\n$/);
    assert.deepEqual((await policy(["validate", "none.yaml", "-o", "json"])).out, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the asking subcommands tell everything that they cannot read, and answer nothing", async () => {
  const { status, out, err } = await policy(["matrix", "none.yaml", "-"], "- a list\n");
  assert.deepEqual([status, out], [2, ""]);
  assert.match(err, /^Error: Cannot read [^\n]*\nError: <stdin>:1: expected an object[^\n]*\n$/);
  const text = `apiVersion: ciliate.io/v1
kind: PolicyTest
metadata: {name: t}
spec: {cases: [{from: a/b, to: c/d, port: 1, expect: maybe}, 7]}
`;
  const tested = await policy(["test", "-"], text);
  assert.deepEqual([tested.status, tested.out], [2, ""]);
  assert.match(tested.err, /expect: must be allowed or denied[^]*\nError: and 1 more\.\n$/);
});

test("a policy of a kind or PolicyTest written wrong is an error, and counts as an object", async () => {
  const text = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolcy
metadata: {name: p}
---
apiVersion: ciliate.io/v1
kind: PolicyTests
metadata: {name: t}
spec: {cases: []}
`;
  const { status, out } = await policy(["validate", "-"], text);
  assert.equal(status, 1);
  assert.match(out, /^<stdin>:2: .*did you mean "CiliumNetworkPolicy"\?/);
  assert.match(out, /\n<stdin>:6: .*must be PolicyTest[^]*\n2 objects: 2 errors\n$/);
});

test("tests are not run without a policy that is not valid", async () => {
  const broken =
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: demo}\nspec: {podSelector: 7}\n";
  const { status, out, err } = await policy(["test", ...CLUSTER, "-"], broken);
  assert.deepEqual([status, out], [2, ""]);
  assert.match(err, /NetworkPolicy\/demo\/p: spec\.podSelector/);
});

test("a mistyped address is no name", async () => {
  const call = ["verdict", ...CLUSTER, "--from", "demo/frontend", "--to", "10.0.0", "--port", "80"];
  const { status, err } = await policy(call);
  assert.equal(status, 2);
  assert.match(err, /10\.0\.0/);
});
