// Cuts the numbers of fields in Kubernetes' protobuf messages out of the types in Go.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { assertDefined } from "#base";
import { runCommand, usageError } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run kube-protobuf -- FOLDER VERSION

Writes src/lab/apiserver/data/protobuf.ts: for each message that clients may send to the lab's API
server, its fields with their numbers, their names in JSON and their types, from the folder in
which k8s.io/api@VERSION, apimachinery@VERSION and apiextensions-apiserver@VERSION stand:

  go mod download k8s.io/api@v0.36.3 k8s.io/apimachinery@v0.36.3 \\
    k8s.io/apiextensions-apiserver@v0.36.3        puts them into \`go env GOMODCACHE\`/k8s.io
`;

const OUTPUT = "src/lab/apiserver/data/protobuf.ts";
const LINE = 96;

/** By group: the package of its version v1, or of the version that is named. */
const ROOTS: Readonly<Record<string, string>> = {
  v1: "k8s.io/api/core/v1",
  "admissionregistration.k8s.io/v1": "k8s.io/api/admissionregistration/v1",
  "apiextensions.k8s.io/v1": "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1",
  "apps/v1": "k8s.io/api/apps/v1",
  "authentication.k8s.io/v1": "k8s.io/api/authentication/v1",
  "authorization.k8s.io/v1": "k8s.io/api/authorization/v1",
  "autoscaling/v1": "k8s.io/api/autoscaling/v1",
  "autoscaling/v2": "k8s.io/api/autoscaling/v2",
  "batch/v1": "k8s.io/api/batch/v1",
  "coordination.k8s.io/v1": "k8s.io/api/coordination/v1",
  "discovery.k8s.io/v1": "k8s.io/api/discovery/v1",
  "events.k8s.io/v1": "k8s.io/api/events/v1",
  "networking.k8s.io/v1": "k8s.io/api/networking/v1",
  "policy/v1": "k8s.io/api/policy/v1",
  "rbac.authorization.k8s.io/v1": "k8s.io/api/rbac/v1",
  "scheduling.k8s.io/v1": "k8s.io/api/scheduling/v1",
  "storage.k8s.io/v1": "k8s.io/api/storage/v1",
};

const META = "k8s.io/apimachinery/pkg/apis/meta/v1";
const EXTENSIONS = "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1";

/** Types that are written in a way of their own; the letters are the decoder's. */
const SPECIAL: Readonly<Record<string, string>> = {
  "k8s.io/apimachinery/pkg/api/resource.Quantity": "q",
  "k8s.io/apimachinery/pkg/util/intstr.IntOrString": "n",
  "k8s.io/apimachinery/pkg/runtime.RawExtension": "f",
  [`${META}.Time`]: "t",
  [`${META}.MicroTime`]: "u",
  [`${META}.FieldsV1`]: "f",
  [`${EXTENSIONS}.JSON`]: "f",
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: "B",
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: "A",
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: "S",
  "k8s.io/apimachinery/pkg/types.UID": "s",
  "k8s.io/apimachinery/pkg/types.NodeName": "s",
};

const BUILT_IN: Readonly<Record<string, string>> = {
  string: "s",
  bool: "b",
  int: "i",
  int32: "i",
  int64: "i",
  uint32: "i",
  float64: "d",
};

interface Package {
  readonly structs: Map<string, string[]>;
  /** `type Protocol string`. */
  readonly aliases: Map<string, string>;
  readonly imports: Map<string, string>;
}

class Types {
  readonly #folder: string;
  readonly #version: string;
  readonly #packages = new Map<string, Package>();
  readonly messages: Record<string, string> = {};

  constructor(folder: string, version: string) {
    this.#folder = folder;
    this.#version = version;
  }

  roots(packageName: string): string[] {
    const { structs } = this.#package(packageName);
    return [...structs]
      .filter(([name, lines]) => !name.endsWith("List") && lines.some(isTypeMeta))
      .map(([name]) => name);
  }

  /** Enters the message, and all that it has in it; answers its name. */
  enter(packageName: string, name: string): string {
    const key = `${packageName.replace(/^k8s\.io\/(api|.*\/pkg\/apis)\//, "")}.${name}`;
    if (key in this.messages) return key;
    this.messages[key] = "";
    const { structs } = this.#package(packageName);
    const lines = assertDefined(structs.get(name), `${packageName} has a struct ${name}`);
    const fields = lines.flatMap((line) => this.#field(packageName, line));
    this.messages[key] = fields.join(";");
    return key;
  }

  #field(packageName: string, line: string): string[] {
    const match = /^\s*(?:(\w+)\s+)?([\w.[\]*]+)\s+`(.*)`/.exec(line);
    if (match === null) return [];
    const [, , type = "", tags = ""] = match;
    const json = /json:"([^"]*)"/.exec(tags)?.[1]?.split(",") ?? [];
    const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
    if (number === undefined) return [];
    const isInline = json.includes("inline") || json[0] === "";
    const isOmitted = json.includes("omitempty") && !type.startsWith("*");
    const flag = isOmitted ? "-" : "";
    return [`${number} ${isInline ? "~" : json[0]} ${this.#type(packageName, type)}${flag}`];
  }

  #type(packageName: string, given: string): string {
    const type = given.replace(/^\*/, "");
    if (type === "[]byte") return "y";
    if (type.startsWith("[]")) return `[]${this.#type(packageName, type.slice(2))}`;
    const map = /^map\[[\w.]+\](.*)$/.exec(type);
    if (map !== null) return `{}${this.#type(packageName, map[1] ?? "")}`;
    const builtIn = BUILT_IN[type];
    if (builtIn !== undefined) return builtIn;
    const [prefix, name] = type.includes(".") ? type.split(".") : [undefined, type];
    const own = this.#package(packageName);
    const home =
      prefix === undefined
        ? packageName
        : assertDefined(own.imports.get(prefix), `${packageName} imports ${prefix}`);
    return this.#named(home, name ?? "");
  }

  #named(home: string, name: string): string {
    const special = SPECIAL[`${home}.${name}`];
    if (special !== undefined) return special;
    const { aliases } = this.#package(home);
    const alias = aliases.get(name);
    if (alias === undefined) return `m:${this.enter(home, name)}`;
    // A list with a name is a message with a list in it; a map with a name is a map.
    return alias === "[]string" ? "x" : this.#type(home, alias);
  }

  #package(name: string): Package {
    const known = this.#packages.get(name);
    if (known !== undefined) return known;
    const read = readPackage(this.#pathOf(name));
    this.#packages.set(name, read);
    return read;
  }

  #pathOf(name: string): string {
    const [, module = "", ...rest] = name.split("/");
    const path = join(this.#folder, `${module}@${this.#version}`, ...rest);
    if (!existsSync(path)) throw usageError(`${path} is missing: see --help for how to get it`);
    return path;
  }
}

function isTypeMeta(line: string): boolean {
  return /^\s*(metav1\.|v1\.)?TypeMeta\s/.test(line);
}

function readPackage(path: string): Package {
  const structs = new Map<string, string[]>();
  const aliases = new Map<string, string>();
  const imports = new Map<string, string>();
  for (const file of readdirSync(path)) {
    if (!file.endsWith(".go") || /_test\.go$|^zz_|generated|swagger/.test(file)) continue;
    const text = readFileSync(join(path, file), "utf8");
    for (const [, alias, from = ""] of text.matchAll(/^\s(?:(\w+) )?"(k8s\.io\/[^"]+)"$/gm)) {
      imports.set(alias ?? from.split("/").at(-1) ?? "", from);
    }
    for (const [, name = "", body = ""] of text.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)) {
      structs.set(name, body.split("\n"));
    }
    for (const [, name = ""] of text.matchAll(/^type (\w+) struct ?\{\}/gm)) structs.set(name, []);
    for (const [, name = "", type = ""] of text.matchAll(/^type (\w+) =? ?([\w[\].]+)$/gm)) {
      aliases.set(name, type);
    }
  }
  return { structs, aliases, imports };
}

function render(data: object, version: string): string {
  const bytes = brotliCompressSync(JSON.stringify(data), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  const lines = bytes.toString("base64").match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return [
    '// Generated by "tools/kube-protobuf.ts". Do not edit.',
    `// Cut from the types of k8s.io/api, apimachinery and apiextensions-apiserver ${version},`,
    "// Copyright The Kubernetes Authors, Apache License 2.0.",
    "",
    "/** JSON, compressed by Brotli, as base64 in lines. */",
    "export const PROTOBUF_DATA: string = `",
    ...lines,
    "`;",
    "",
  ].join("\n");
}

await runCommand({ help, options: {} }, (_, [folder, version, ...more]) => {
  if (folder === undefined || version === undefined || more.length > 0) {
    throw usageError("it takes a folder and a version");
  }
  const types = new Types(folder, version);
  const kinds: Record<string, Record<string, string>> = {};
  for (const [apiVersion, packageName] of Object.entries(ROOTS)) {
    const names = types.roots(packageName);
    kinds[apiVersion] = Object.fromEntries(
      names.map((name) => [name, types.enter(packageName, name)]),
    );
  }
  const deleteOptions = types.enter(META, "DeleteOptions");
  const data = { kinds, deleteOptions, messages: types.messages };
  const text = render(data, version);
  writeFileSync(join(root, OUTPUT), text);
  const count = Object.keys(types.messages).length;
  console.log(`${OUTPUT}: ${count} messages, ${text.length} bytes`);
  return 0;
});
