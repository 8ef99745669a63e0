// Cuts what the lab's API server serves out of the documents that Kubernetes publishes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { constants, brotliCompressSync } from "node:zlib";
import { AppError } from "#base";
import { runCommand, usageError } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run kube-data -- FOLDER

Writes src/lab/apiserver/data/kubernetes.ts: the OpenAPI schemas and the discovery of the built-in
resources that the lab serves (the list is in this script), from the folder of a Kubernetes source
tree. To get one:

  go mod download -json k8s.io/kubernetes@v1.36.3     prints the folder as "Dir"
  go mod download k8s.io/api@v0.36.3 k8s.io/apimachinery@v0.36.3

The last two, of the same release, must stand beside it: the documents do not say which fields are
left out where they are "", 0 or false, and the types in Go do.
`;

const OUTPUT = "src/lab/apiserver/data/kubernetes.ts";
const LINE = 96;

/** What the lab serves, by group and version; subresources come with their resource. */
const SERVED: Readonly<Record<string, readonly string[]>> = {
  v1: [
    "bindings",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "resourcequotas",
    "secrets",
    "serviceaccounts",
    "services",
  ],
  "admissionregistration.k8s.io/v1": [
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
  ],
  "apiextensions.k8s.io/v1": ["customresourcedefinitions"],
  "apps/v1": ["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"],
  "authentication.k8s.io/v1": ["selfsubjectreviews", "tokenreviews"],
  "authorization.k8s.io/v1": [
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "subjectaccessreviews",
  ],
  "autoscaling/v1": ["horizontalpodautoscalers"],
  "autoscaling/v2": ["horizontalpodautoscalers"],
  "batch/v1": ["cronjobs", "jobs"],
  "coordination.k8s.io/v1": ["leases"],
  "discovery.k8s.io/v1": ["endpointslices"],
  "events.k8s.io/v1": ["events"],
  "networking.k8s.io/v1": ["ingressclasses", "ingresses", "networkpolicies"],
  "policy/v1": ["poddisruptionbudgets"],
  "rbac.authorization.k8s.io/v1": ["clusterrolebindings", "clusterroles", "rolebindings", "roles"],
  "scheduling.k8s.io/v1": ["priorityclasses"],
  "storage.k8s.io/v1": ["storageclasses"],
};

/** Subresources whose work the lab's server does not do. */
const LEFT_OUT =
  /^(pods\/(ephemeralcontainers|resize|proxy)|(nodes|services)\/proxy|.*\/approval)$/;

/** Documents refer to them without a kind of a resource. */
const ALSO_NEEDED = ["io.k8s.apimachinery.pkg.apis.meta.v1.Status"];

interface Json {
  [key: string]: unknown;
}

interface ApiResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  group?: string;
  version?: string;
  kind: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
}

type Schemas = Map<string, Json>;

function readJson(path: string): Json {
  if (!existsSync(path)) {
    throw new AppError("kube-data", `${path} is not there: give the folder of k8s.io/kubernetes`);
  }
  return JSON.parse(readFileSync(path, "utf8")) as Json;
}

/** `apps/v1` is in apis__apps__v1.json, `v1` in api__v1.json. */
function stem(groupVersion: string): string {
  return groupVersion.includes("/") ? `apis__${groupVersion.replace("/", "__")}` : "api__v1";
}

/** The schemas of all documents; what they share is the same in each but for what we leave out. */
function readSchemas(folder: string): Schemas {
  const schemas: Schemas = new Map();
  for (const name of readdirSync(folder).filter((each) => each.endsWith("_openapi.json"))) {
    const { components } = readJson(join(folder, name)) as { components?: { schemas?: Json } };
    for (const [key, schema] of Object.entries(components?.schemas ?? {})) {
      if (!schemas.has(key)) schemas.set(key, schema as Json);
    }
  }
  return schemas;
}

/** Names of all schemas that a schema speaks of. */
function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "$ref" && typeof each === "string" ? [basename(each)] : references(each),
  );
}

function reachable(schemas: Schemas, from: readonly string[]): Json {
  const kept = new Set<string>();
  const open = [...from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (kept.has(name)) continue;
    const schema = schemas.get(name);
    if (schema === undefined) throw new AppError("kube-data", `there is no schema ${name}`);
    kept.add(name);
    open.push(...references(schema));
  }
  return Object.fromEntries([...kept].toSorted().map((name) => [name, schemas.get(name)]));
}

interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The schema names of kinds; a schema of many groups (DeleteOptions) is not one of a resource. */
function schemaNames(schemas: Schemas, kinds: readonly Kind[]): string[] {
  const text = ({ group, version, kind }: Kind): string => `${group}/${version}/${kind}`;
  const wanted = new Set(kinds.map(text));
  return [...schemas].flatMap(([name, schema]) => {
    const of = (schema["x-kubernetes-group-version-kind"] ?? []) as Kind[];
    return of.length === 1 && of.some((each) => wanted.has(text(each))) ? [name] : [];
  });
}

function readResources(folder: string, groupVersion: string): ApiResource[] {
  const path = join(folder, `${stem(groupVersion)}.json`);
  const { resources } = readJson(path) as { resources?: ApiResource[] };
  const served = SERVED[groupVersion] ?? [];
  const found = (resources ?? []).filter(({ name }) => {
    return served.includes(name.split("/")[0] ?? "") && !LEFT_OUT.test(name);
  });
  for (const name of served) {
    if (!found.some((each) => each.name === name)) {
      throw new AppError("kube-data", `${path} has no resource ${name}`);
    }
  }
  return found.map((each) => {
    const { storageVersionHash: _, ...facts } = each as ApiResource & {
      storageVersionHash?: string;
    };
    return facts;
  });
}

function kindsOf(groupVersion: string, resources: readonly ApiResource[]): Kind[] {
  const [group, version] = groupVersion.includes("/")
    ? (groupVersion.split("/") as [string, string])
    : ["", groupVersion];
  return resources.flatMap((each) => {
    const kind = { group: each.group ?? group, version: each.version ?? version, kind: each.kind };
    return [kind, { ...kind, kind: `${each.kind}List` }];
  });
}

/** A field that is no pointer, list or map, and left out of JSON where it is empty. */
const OMITTED_WHEN_ZERO = /^\s+\w+\s+(?:\w+\.)?\w+\s+`json:"(\w+),omitempty"/;

/** Of a file of types in Go: which fields of each struct are left out where they are zero. */
function omittedFields(source: string): Map<string, string[]> {
  const structs = new Map<string, string[]>();
  let fields: string[] = [];
  for (const line of source.split("\n")) {
    const struct = /^type (\w+) struct \{/.exec(line)?.[1];
    if (struct !== undefined) structs.set(struct, (fields = []));
    const field = OMITTED_WHEN_ZERO.exec(line)?.[1];
    if (field !== undefined) fields.push(field);
  }
  return structs;
}

/** Where the Go package of `io.k8s.api.core.v1.Pod` stands. */
function goFile(cache: string, release: string, schema: string): string | undefined {
  const api = /^io\.k8s\.api\.(\w+)\.(\w+)\.\w+$/.exec(schema);
  if (api !== null) return join(cache, `api@${release}`, `${api[1]}/${api[2]}/types.go`);
  const meta = /^io\.k8s\.apimachinery\.pkg\.apis\.meta\.v1\.\w+$/.test(schema);
  return meta ? join(cache, `apimachinery@${release}/pkg/apis/meta/v1/types.go`) : undefined;
}

/** Names of properties of scalar types that are left out where they are zero, by schema. */
function omitZero(schemas: Json, cache: string, version: string): Json {
  const release = version.replace(/^v1\./, "v0.");
  const files = new Map<string, Map<string, string[]>>();
  const answer: Json = {};
  for (const [name, schema] of Object.entries(schemas)) {
    const path = goFile(cache, release, name);
    if (path === undefined) continue;
    if (!existsSync(path)) {
      throw new AppError("kube-data", `${path} is not there: download the module of that release`);
    }
    const structs = files.get(path) ?? omittedFields(readFileSync(path, "utf8"));
    files.set(path, structs);
    const properties = (schema as { properties?: Record<string, Json> }).properties ?? {};
    const fields = (structs.get(name.slice(name.lastIndexOf(".") + 1)) ?? []).filter(
      (field) => properties[field]?.["type"] !== undefined,
    );
    if (fields.length > 0) answer[name] = fields;
  }
  return answer;
}

/** The groups in the order in which a server tells them. */
function groupOrder(folder: string): string[] {
  const { groups } = readJson(join(folder, "apis.json")) as { groups: { name: string }[] };
  const served = new Set(Object.keys(SERVED).map((each) => each.split("/")[0]));
  return groups.map(({ name }) => name).filter((name) => served.has(name));
}

function render(data: Json, version: string): string {
  const bytes = brotliCompressSync(JSON.stringify(data), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  const lines = bytes.toString("base64").match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return [
    '// Generated by "tools/kube-data.ts". Do not edit.',
    `// Cut from Kubernetes ${version}: api/openapi-spec/v3 and api/discovery of k8s.io/kubernetes,`,
    "// Copyright The Kubernetes Authors, Apache License 2.0.",
    "",
    "/** JSON, compressed by Brotli, as base64 in lines. */",
    "export const KUBERNETES_DATA: string = `",
    ...lines,
    "`;",
    "",
  ].join("\n");
}

/** `…/kubernetes@v1.36.3` is how the module cache names it. */
function versionOf(folder: string): string {
  const [, version] = /@(v\d+\.\d+\.\d+[\w.-]*)\/?$/.exec(folder) ?? [];
  if (version === undefined) {
    throw usageError(`"${folder}" does not end in @vX.Y.Z, from which the version is taken`);
  }
  return version;
}

await runCommand({ help, options: {} }, (_, [folder, ...more]) => {
  if (folder === undefined || more.length > 0) throw usageError("it takes one folder");
  const version = versionOf(folder);
  const discovery = join(folder, "api/discovery");
  const schemas = readSchemas(join(folder, "api/openapi-spec/v3"));
  const resources = Object.fromEntries(
    Object.keys(SERVED).map((each) => [each, readResources(discovery, each)]),
  );
  const kinds = Object.entries(resources).flatMap(([each, list]) => kindsOf(each, list));
  const kept = reachable(schemas, [...schemaNames(schemas, kinds), ...ALSO_NEEDED]);
  const data = {
    source: `k8s.io/kubernetes@${version}: api/openapi-spec/v3, api/discovery`,
    version,
    groups: groupOrder(discovery),
    resources,
    schemas: kept,
    omitZero: omitZero(kept, dirname(folder), version),
  };
  const text = render(data, version);
  writeFileSync(join(root, OUTPUT), text);
  console.log(`${OUTPUT}: ${Object.keys(data.schemas).length} schemas, ${text.length} bytes`);
  return 0;
});
