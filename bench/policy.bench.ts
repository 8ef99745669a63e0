import { Labels, Selector } from "#identity";
import {
  defaultPolicyOptions,
  type ImportedPolicy,
  judge,
  type PeerIdentity,
  type PeerSelector,
  PolicyEngine,
  type PolicyRule,
  type Question,
  type Subject,
} from "#policy";
import {
  type Bench,
  type BenchContext,
  defineBench,
  duration,
  heapBytes,
  rates,
  row,
  type Row,
} from "./lib/index.ts";

const POLICIES = 1_000;
const IDENTITIES = 10_000;
const SUBJECTS = 200;
const RELABELLED = 1_000;
const SIZES = [100, 1_000, 10_000, 50_000];
const NAMESPACES = 50;
const APPS = 40;
const FIRST_ID = 256;
/** Verdicts between two looks at the clock. */
const CALLS = 10_000;
/** Visits in an order that no cache foresees: a prime that divides no size. */
const STRIDE = 7_919;
const MIB = 1024 * 1024;
const CLUSTER = "io.cilium.k8s.policy.cluster";
const NAMESPACE = "io.kubernetes.pod.namespace";

/** What is asked for goes here, so that the compiler cannot leave the asking out. */
const sink: { kept?: unknown } = {};

function podLabels(at: number): Labels {
  const pairs = {
    app: `app-${at % APPS}`,
    tier: ["web", "api", "db", "cache", "batch"][at % 5] ?? "",
    version: `v${at % 3}`,
    instance: `i-${at}`,
    [NAMESPACE]: `ns-${at % NAMESPACES}`,
    [CLUSTER]: "default",
    "io.cilium.k8s.policy.serviceaccount": "default",
    "io.cilium.k8s.namespace.labels.team": `team-${at % 10}`,
  };
  return Labels.of(Object.entries(pairs).map(([key, value]) => ({ source: "k8s", key, value })));
}

function identity(at: number, labelsOf = at): PeerIdentity {
  return { id: FIRST_ID + at, labels: podLabels(labelsOf) };
}

function subject(at: number): Subject {
  return { key: `subject-${at}`, kind: "pod", labels: podLabels(at), namedPorts: new Map() };
}

function selecting(pairs: Readonly<Record<string, string>>): Selector {
  const requirements = Object.entries({ ...pairs, [CLUSTER]: "default" });
  return Selector.of(
    requirements.map(([key, value]) => ({ source: "k8s", key, operator: "In", values: [value] })),
  );
}

function peer(pairs: Readonly<Record<string, string>>): PeerSelector {
  return { kind: "labels", selector: selecting(pairs) };
}

/** An app of one namespace may be reached by an app, a team and a tier; and reaches DNS and an app. */
function policy(at: number, port = 8000 + (at % 100)): ImportedPolicy {
  const ref = {
    kind: "CiliumNetworkPolicy" as const,
    namespace: `ns-${at % NAMESPACES}`,
    name: `p-${at}`,
  };
  const here = { [NAMESPACE]: ref.namespace };
  const tcp = (first: number, last = first): PolicyRule["ports"] => [
    { protocol: 6, port: { first, last } },
  ];
  const rule = (path: string, rest: Omit<PolicyRule, "ref" | "effect">): PolicyRule => ({
    ref: { policy: ref, path },
    effect: "allow",
    ...rest,
  });
  const rules: PolicyRule[] = [
    rule("spec.ingress[0]", {
      direction: "ingress",
      peers: [
        peer({ ...here, app: `app-${(at * 7) % APPS}` }),
        peer({ "io.cilium.k8s.namespace.labels.team": `team-${at % 10}` }),
      ],
      ports: tcp(port),
    }),
    rule("spec.ingress[1]", {
      direction: "ingress",
      peers: [peer({ tier: ["web", "api", "db"][at % 3] ?? "" })],
      ports: tcp(9000, 9100 + (at % 4)),
      ...(at % 10 === 0
        ? { redirect: { l7: { kind: "http", rules: [{ method: "GET", headers: [] }] } } }
        : {}),
    }),
    rule("spec.egress[0]", {
      direction: "egress",
      peers: [peer({ app: "app-1", tier: "api" })],
      ports: [{ protocol: 17, port: { first: 53, last: 53 } }],
    }),
    rule("spec.egress[1]", {
      direction: "egress",
      peers: [peer({ ...here, tier: "db" })],
      ports: tcp(5432),
    }),
  ];
  if (at % 20 === 0) {
    rules.push({
      ...rule("spec.ingressDeny[0]", {
        direction: "ingress",
        peers: [peer({ version: "v2", tier: "batch" })],
        ports: "any",
      }),
      effect: "deny",
    });
  }
  // Half select an app of a namespace, half an app wherever it is.
  const who = at % 2 === 0 ? { ...here, app: `app-${at % APPS}` } : { app: `app-${at % APPS}` };
  return {
    ref,
    findings: [],
    specs: [
      {
        ref: { policy: ref, path: "spec" },
        subject: { kind: "pod", selector: selecting(who) },
        rules,
        defaultDeny: { ingress: true, egress: true },
        isAudit: false,
      },
    ],
  };
}

interface Inputs {
  readonly identities: readonly PeerIdentity[];
  readonly policies: readonly ImportedPolicy[];
  readonly subjects: readonly Subject[];
}

function inputs(identities: number): Inputs {
  return {
    identities: Array.from({ length: identities }, (_, at) => identity(at)),
    policies: Array.from({ length: POLICIES }, (_, at) => policy(at)),
    subjects: Array.from({ length: SUBJECTS }, (_, at) => subject(at)),
  };
}

/** From nothing to the templates of every identity: what the kernel is to get is then known. */
function compute({ identities, policies, subjects }: Inputs): PolicyEngine {
  const engine = new PolicyEngine(defaultPolicyOptions);
  for (const one of identities) engine.upsertIdentity(one);
  for (const one of policies) engine.upsertPolicy(one);
  for (const one of subjects) engine.upsertSubject(one);
  sink.kept = engine.commit().toMessage();
  sink.kept = undefined;
  return engine;
}

async function times(rounds: number, body: (round: number) => unknown): Promise<number[]> {
  const samples: number[] = [];
  await duration(() => body(rounds));
  for (let round = 0; round < rounds; round++) samples.push(await duration(() => body(round)));
  return samples;
}

function commitAll(engine: PolicyEngine): void {
  sink.kept = engine.commit().toMessage();
}

async function changes(
  engine: PolicyEngine,
  { rounds, progress }: BenchContext,
  size: number,
): Promise<Row[]> {
  const ms = { unit: "ms", better: "lower" as const };
  const at = `at ${size} identities`;
  progress(`changes ${at}`);
  const added = await times(rounds, (round) => {
    engine.upsertIdentity(identity(size + round));
    commitAll(engine);
  });
  const changed = await times(rounds, (round) => {
    engine.upsertPolicy(policy(17, 20_000 + round));
    commitAll(engine);
  });
  const rows = [
    row({ ...ms, what: `one identity added, ${at}`, goal: 5, samples: added }),
    row({ ...ms, what: `one policy changed, ${at}`, goal: 50, samples: changed }),
  ];
  if (size < RELABELLED) return rows;
  const relabelled = await times(rounds, (round) => {
    for (let pod = 0; pod < RELABELLED; pod++)
      engine.upsertIdentity(identity(pod, pod + 3 * round + 1));
    commitAll(engine);
  });
  rows.push(
    row({ ...ms, what: `${RELABELLED} pods relabelled, ${at}`, goal: 1_000, samples: relabelled }),
  );
  return rows;
}

async function verdicts(engine: PolicyEngine, { rounds, progress }: BenchContext): Promise<Row[]> {
  progress("verdicts");
  const states = [...engine.states()];
  const ports = [53, 5432, 8000, 8042, 9001, 9050, 80];
  const questions = Array.from(
    { length: CALLS },
    (_, at): Question => ({
      direction: at % 2 === 0 ? "ingress" : "egress",
      peers: [FIRST_ID + ((at * STRIDE) % IDENTITIES)],
      protocol: at % 4 === 1 ? 17 : 6,
      port: ports[at % ports.length] ?? 0,
    }),
  );
  const samples = await rates(() => {
    for (const [at, question] of questions.entries()) {
      const state = states[at % states.length];
      if (state !== undefined) sink.kept = judge(state, question);
    }
    return CALLS;
  }, rounds);
  return [row({ what: "verdicts", unit: "/s", better: "higher", goal: 100_000, samples })];
}

async function firsts({ rounds, progress }: BenchContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const size of SIZES) {
    progress(`first computation at ${size} identities`);
    const given = inputs(size);
    const samples = await times(rounds, () => void compute(given));
    rows.push(
      row({
        what: `first computation, at ${size} identities`,
        unit: "ms",
        better: "lower",
        ...(size <= IDENTITIES ? { goal: 2_000 } : {}),
        samples,
      }),
    );
  }
  return rows;
}

const bench: Bench = defineBench({
  summary: `${POLICIES} policies, ${SUBJECTS} distinct subjects, ${IDENTITIES} identities unless it says otherwise; times hold the making of the message for another thread.`,
  async run(context) {
    const before = heapBytes() / MIB;
    const engine = compute(inputs(IDENTITIES));
    const memory = heapBytes() / MIB - before;
    const entries = [...engine.states()].reduce(
      (sum, state) => sum + [...state.entries()].length,
      0,
    );
    const rows = [
      row({
        what: "memory, inputs and all",
        unit: "MiB",
        better: "lower",
        goal: 150,
        samples: [memory],
      }),
      row({ what: "entries of all subjects", unit: "", better: "lower", samples: [entries] }),
      ...(await verdicts(engine, context)),
      ...(await firsts(context)),
    ];
    for (const size of SIZES) {
      rows.push(...(await changes(compute(inputs(size)), context, size)));
    }
    return rows;
  },
});

export default bench;
