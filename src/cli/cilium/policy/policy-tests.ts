/** Expectations that are kept beside the manifests: `kind: PolicyTest` of `ciliate.io/v1`. */
import { quote } from "#base";
import type { FlowQuestion, L7Request, Outcome } from "#policy";
import type { LocatedFinding } from "./findings.ts";
import { portNumber } from "./flow-options.ts";
import { isRecord, type Manifest } from "./manifests.ts";
import { locate, titleOf } from "./objects.ts";

const API_VERSION = "ciliate.io/v1";
const KIND = "PolicyTest";
const MAX_CASES = 100_000;

export interface TestCase {
  /** `file:line`. */
  readonly where: string;
  /** Of the PolicyTest that it is part of. */
  readonly suite: string;
  readonly title: string;
  readonly question: FlowQuestion;
  readonly expect: Outcome;
  /** The name of a policy that must be among those behind the verdict. */
  readonly because?: string;
}

interface ParsedTests {
  readonly cases: readonly TestCase[];
  readonly findings: readonly LocatedFinding[];
}

export function parseTests(manifests: readonly Manifest[]): ParsedTests {
  const cases: TestCase[] = [];
  const findings: LocatedFinding[] = [];
  for (const manifest of manifests) {
    const reader = new Reader(manifest);
    const found = reader.read();
    for (const finding of reader.findings) findings.push(finding);
    if (reader.findings.length === 0) for (const each of found) cases.push(each);
  }
  return { cases, findings };
}

const CASE_FIELDS = "name from to port protocol http dns expect because".split(" ");
const HTTP_FIELDS = "method path host headers".split(" ");

class Reader {
  readonly findings: LocatedFinding[] = [];
  readonly #manifest: Manifest;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
  }

  read(): TestCase[] {
    const root = this.#fields(this.#manifest.value, "", ["apiVersion", "kind", "metadata", "spec"]);
    if (root["apiVersion"] !== API_VERSION) {
      this.#refuse("apiVersion", `must be ${API_VERSION}, which is the only version`);
    }
    if (root["kind"] !== KIND) this.#refuse("kind", `must be ${KIND}, which is the only kind`);
    const { cases } = this.#fields(root["spec"], "spec", ["cases"]);
    if (!Array.isArray(cases)) {
      this.#refuse("spec.cases", "must be a list of cases");
      return [];
    }
    if (cases.length > MAX_CASES) {
      this.#refuse("spec.cases", `has more than ${MAX_CASES} cases: split it`);
      return [];
    }
    return cases.map((each: unknown, index) => this.#case(each, `spec.cases[${index}]`));
  }

  #case(value: unknown, path: string): TestCase {
    const fields = this.#fields(value, path, CASE_FIELDS);
    const from = this.#text(fields, path, "from");
    const to = this.#text(fields, path, "to");
    const protocol = this.#optionalText(fields, path, "protocol") ?? "TCP";
    const port = portNumber(fields["port"]);
    if (port === undefined) this.#refuse(`${path}.port`, "must be a number from 0 to 65535");
    const request = this.#request(fields, path);
    const expect = fields["expect"];
    const isPassing = expect === "allowed" || expect === "denied";
    if (!isPassing) this.#refuse(`${path}.expect`, "must be allowed or denied");
    const because = this.#optionalText(fields, path, "because");
    const question: FlowQuestion = {
      from,
      to,
      protocol,
      port: port ?? 0,
      ...(request === undefined ? {} : { request }),
    };
    const name = this.#optionalText(fields, path, "name");
    return {
      where: `${this.#manifest.file}:${this.#manifest.lineOf(path)}`,
      suite: titleOf(this.#manifest.value).name,
      title: name ?? `${from} to ${to} on ${protocol} ${port}`,
      question,
      expect: isPassing ? expect : "denied",
      ...(because === undefined ? {} : { because }),
    };
  }

  #request(fields: Record<string, unknown>, path: string): L7Request | undefined {
    const dns = this.#optionalText(fields, path, "dns");
    if (fields["http"] === undefined)
      return dns === undefined ? undefined : { kind: "dns", name: dns };
    if (dns !== undefined) this.#refuse(path, "has both http and dns: a request is one of them");
    const at = `${path}.http`;
    const http = this.#fields(fields["http"], at, HTTP_FIELDS);
    const host = this.#optionalText(http, at, "host");
    const headers = http["headers"] === undefined ? undefined : this.#headers(http["headers"], at);
    return {
      kind: "http",
      method: this.#text(http, at, "method"),
      path: this.#text(http, at, "path"),
      ...(host === undefined ? {} : { host }),
      ...(headers === undefined ? {} : { headers }),
    };
  }

  #headers(value: unknown, path: string): Record<string, string> {
    const headers: Record<string, string> = Object.create(null) as Record<string, string>;
    if (!isRecord(value)) {
      this.#refuse(`${path}.headers`, "must be a map of names to values");
      return headers;
    }
    for (const [name, text] of Object.entries(value)) {
      if (typeof text === "string") headers[name] = text;
      else this.#refuse(`${path}.headers.${name}`, "must be a text: put it in quotes");
    }
    return headers;
  }

  #fields(value: unknown, path: string, known: readonly string[]): Record<string, unknown> {
    if (!isRecord(value)) {
      this.#refuse(path, "must be a map of fields");
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known.includes(name)) continue;
      const where = path === "" ? name : `${path}.${name}`;
      this.#refuse(where, `there is no field ${quote(name)}; there are ${known.join(", ")}`);
    }
    return value;
  }

  #text(fields: Record<string, unknown>, path: string, name: string): string {
    const text = this.#optionalText(fields, path, name);
    if (text === undefined) this.#refuse(path, `must have ${name}`);
    return text ?? "";
  }

  #optionalText(fields: Record<string, unknown>, path: string, name: string): string | undefined {
    const value = fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" && value !== "") return value;
    this.#refuse(`${path}.${name}`, "must be a text that is not empty");
    return undefined;
  }

  #refuse(path: string, message: string): void {
    const words = { severity: "error", code: "bad-test", path, message } as const;
    this.findings.push(locate(this.#manifest, words));
  }
}
