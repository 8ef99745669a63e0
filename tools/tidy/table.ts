/**
 * The import table: who may import whom. A new module gets a line here; a new import between
 * modules gets a word here, which is the moment to ask whether it should be.
 *
 * A module is a folder in src/. Its door is its index.ts; a folder inside it with an index.ts of
 * its own is a nested door, with a line of its own, and everyone outside that folder, its module
 * included, goes through it.
 */
export interface Module {
  /** The modules whose doors its files may import; tests may import `#base` and `#test` too. */
  doors: readonly string[];
  /** The npm packages that it may import. */
  packages: readonly string[];
  /** Runs in a browser and in tests without root: no `node:*`, and only doors that are pure. */
  isPure: boolean;
}

export interface ImportTable {
  /** All modules there will be; imports point only leftwards in this line. */
  order: readonly string[];
  modules: Readonly<Record<string, Module>>;
}

const ORDER: readonly string[] = [
  "base",
  "sys",
  "proto",
  "statedb",
  "packet",
  "netlink",
  "ebpf",
  "kube",
  "abi",
  "identity",
  "policy",
  "services",
  "datapath",
  "proxy",
  "hubble",
  "agent",
  "operator",
  "cni",
  "lab",
  "cli",
];

export const importTable: ImportTable = {
  order: ORDER,
  modules: {
    base: { doors: [], packages: [], isPure: true },
    "base/log": { doors: ["base"], packages: ["pino"], isPure: false },
    sys: { doors: ["base"], packages: ["koffi"], isPure: false },
    statedb: { doors: ["base"], packages: ["sorted-btree"], isPure: true },
    packet: { doors: ["base"], packages: [], isPure: true },
    netlink: { doors: ["base", "sys"], packages: [], isPure: false },
    "netlink/fake": { doors: ["base", "netlink"], packages: [], isPure: false },
    ebpf: { doors: ["base", "sys", "netlink", "ebpf/spec"], packages: [], isPure: false },
    "ebpf/spec": { doors: ["base"], packages: [], isPure: true },
    "ebpf/fake": { doors: ["base", "sys", "ebpf", "ebpf/spec"], packages: [], isPure: false },
    "kube/types": { doors: ["base"], packages: ["zod"], isPure: true },
    abi: { doors: ["base"], packages: [], isPure: true },
    identity: { doors: ["base", "kube/types"], packages: ["re2js"], isPure: true },
    policy: { doors: ["base", "kube/types", "identity"], packages: ["re2js"], isPure: true },
    datapath: {
      doors: [
        "base",
        "sys",
        "statedb",
        "netlink",
        "netlink/fake",
        "ebpf",
        "ebpf/spec",
        "abi",
        "policy",
      ],
      packages: [],
      isPure: false,
    },
    "datapath/model": { doors: ["base", "packet", "abi"], packages: [], isPure: true },
    "datapath/fake": {
      doors: ["base", "ebpf", "ebpf/fake", "abi", "datapath", "datapath/model"],
      packages: [],
      isPure: false,
    },
    kube: {
      doors: ["base", "base/log", "statedb", "kube/types"],
      packages: ["@kubernetes/client-node"],
      isPure: false,
    },
    "lab/apiserver": {
      doors: ["base", "base/log", "kube/types"],
      packages: ["lmdb", "re2js", "yaml"],
      isPure: false,
    },
    "lab/controllers": {
      doors: ["base", "base/log", "kube/types", "kube"],
      packages: [],
      isPure: false,
    },
    "lab/network": {
      doors: ["base", "base/log", "sys", "packet", "netlink", "kube"],
      packages: [],
      isPure: false,
    },
    "lab/kubelet": {
      doors: ["base", "base/log", "sys", "netlink", "kube/types", "kube", "lab/network"],
      packages: ["ws"],
      isPure: false,
    },
    lab: {
      doors: [
        "base",
        "base/log",
        "netlink",
        "kube",
        "lab/apiserver",
        "lab/controllers",
        "lab/network",
        "lab/kubelet",
      ],
      packages: ["yaml", "ws"],
      isPure: false,
    },
    cli: {
      doors: ["base", "kube/types", "policy", "kube", "lab"],
      packages: ["commander", "yaml"],
      isPure: false,
    },
  },
};

/** Where findings about the table point. */
export const TABLE_PATH = "tools/tidy/table.ts";

/** Where options become one frozen value, and so the only modules that read the environment. */
export const compositionRoots: readonly string[] = ["agent", "operator", "cni", "lab", "cli"];

/** Calls into C go through one module, which owns what they open. */
export const FFI = { package: "koffi", module: "sys" } as const;

/** Tools that are not tests but run them. */
export const testRunners: readonly string[] = ["tools/run.ts", "tools/soak.ts"];
