/**
 * The commands of a conversation with an API server, for text scripts:
 *
 *     POST /api/v1/namespaces/$NS/pods --pick spec.restartPolicy,status.phase
 *         metadata: {name: web}
 *         spec: {containers: [{name: web, image: nginx}]}
 *     ----
 *     201
 *     spec.restartPolicy: Always
 *     status.phase: Pending
 *
 * The body is YAML, sent as JSON; `<x*300>` in it is 300 times x. The answer is its status and its
 * body, masked (masks.ts). `$NS` is a namespace of the script's own, `$NODE1` and `$NODE2` are the
 * nodes.
 *
 * --pick A,B        only these places of the answer (paths.ts)
 * --hide A,B        all but these keys, wherever they are
 * --let NAME=PATH   from here on $NAME is what the answer has there
 * --until PATH=V    asks again until the answer has V there (`~` for nothing), and a while longer
 * --within S        for how many seconds it asks, where it takes long even in a real cluster
 * --type T          of a patch: strategic, merge, json, apply; of any body, a media type
 * --raw             the body is sent as it is written
 * --accept T        what to accept: table, partial, or a media type
 * --as WHO          nobody: without credentials; else with this token
 * --header A,B      also these headers of the answer
 * --managed         with managedFields
 * --quiet           only the status
 * --why             of a refusal its message and each cause's reason and field, of others nothing
 * --events N        of a watch: its first N events
 *
 * `AFTERWARDS METHOD PATH` is sent when the script ends, however it does: what it did to nodes goes.
 * `NODE NODE WORDS` runs a program on a node; pod-commands.ts has what is about pods.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { systemClock } from "#base";
import type { Endpoint } from "#kube";
import type { ScriptCommands } from "#test";
import type { Cluster } from "./cluster.ts";
import { mask, maskText, Names } from "./masks.ts";
import { type Options, readOptions } from "./options.ts";
import { valueAt } from "./paths.ts";
import { podCommands } from "./pod-commands.ts";
import { type Answer, type Question, Wire } from "./wire.ts";

const UNTIL_MS = 40_000;
const RETRY_MS = 100;
const TOO_MANY_REQUESTS = 429;
const PUT_OFF_MS = 500;
/** Who watches nodes and pods sees what changes in both in no order: a scheduler, a kubelet. */
const NODE_SEEN_MS = 500;
const MAX_ATTEMPTS = 10;

const PATCHES: Readonly<Record<string, string>> = {
  strategic: "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
};
const ACCEPTED: Readonly<Record<string, string>> = {
  table: "application/json;as=Table;v=v1;g=meta.k8s.io",
  partial: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  partials: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
};
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `<x*3>` is xxx. */
function withRepeats(text: string): string {
  return text.replaceAll(/<(.)\*(\d+)>/g, (_, what: string, times: string) =>
    what.repeat(Number(times)),
  );
}

/** A Status in short, and nothing of what is none. What Go's own types look like is no interface. */
function reasonsOf(status: unknown): string[] {
  if (valueAt(status, "kind") !== "Status") return [];
  const causes = valueAt(status, "details.causes");
  return [
    String(valueAt(status, "message")).split("\n@@ ")[0] ?? "",
    ...(Array.isArray(causes) ? causes : []).map((each) => {
      const [reason, field] = [valueAt(each, "reason"), valueAt(each, "field")];
      return `  ${String(reason)} ${typeof field === "string" ? field : ""}`;
    }),
  ];
}

/** YAML in one fixed form: keys sorted, each string on one line. */
function render(value: unknown): string {
  return stringify(value, { sortMapEntries: true, blockQuote: false, lineWidth: 0 }).trimEnd();
}

function withoutKeys(value: unknown, keys: ReadonlySet<string>): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each: unknown) => (keys.has(key) ? undefined : each)),
  );
}

/** A server that is just reading a changed definition asks readers to come again. */
async function askPatiently(wire: Wire, question: Question): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await wire.ask(question);
    const isPutOff = question.method === "GET" && answer.status === TOO_MANY_REQUESTS;
    if (!isPutOff || attempt === MAX_ATTEMPTS) return answer;
    await sleep(PUT_OFF_MS);
  }
}

export class Conversation implements Disposable {
  readonly #wire: Wire;
  readonly #wireOfNobody: Wire;
  readonly #names = new Names();
  readonly #cluster: Cluster;
  readonly #podCommands: ScriptCommands;
  readonly #afterwards: (() => Promise<unknown>)[] = [];

  constructor(cluster: Cluster, endpoint: Endpoint, namespace: string) {
    this.#cluster = cluster;
    this.#wire = new Wire(endpoint);
    this.#wireOfNobody = this.#wire.asNobody();
    const names = this.#names;
    this.#podCommands = podCommands({ endpoint, wire: this.#wire, names, namespace });
    names.learn(namespace, "$NS");
    for (const [index, node] of cluster.nodes.entries())
      this.#names.learn(node, `$NODE${index + 1}`);
  }

  get commands(): ScriptCommands {
    const request = (method: string) => (words: string[], body: string) =>
      this.#request(method, words, body);
    return {
      GET: request("GET"),
      POST: request("POST"),
      PUT: request("PUT"),
      PATCH: request("PATCH"),
      DELETE: request("DELETE"),
      WATCH: request("WATCH"),
      AFTERWARDS: ([method = "", ...words], body) => {
        this.#afterwards.push(() => this.#request(method, words, body));
      },
      NODE: (words) => this.#inNode(words),
      ...this.#podCommands,
    };
  }

  /** The last first. */
  async end(): Promise<void> {
    for (const undo of this.#afterwards.toReversed()) await undo();
  }

  async #request(method: string, given: string[], body: string): Promise<string> {
    const { words, options } = readOptions(given);
    const [path = "/"] = words;
    const question = this.#question(method, path, { options, body });
    const wire = this.#wireOf(options["as"]);
    const answer =
      method === "WATCH"
        ? await wire.ask(question, Number(options["events"] ?? 1))
        : await this.#ask(wire, question, options);
    if (question.method !== "GET" && path.startsWith("/api/v1/nodes")) await sleep(NODE_SEEN_MS);
    return this.#show(answer, options, method === "WATCH");
  }

  #wireOf(who: string | undefined): Wire {
    if (who === undefined) return this.#wire;
    return who === "nobody" ? this.#wireOfNobody : this.#wireOfNobody.as(this.#names.expand(who));
  }

  #question(
    method: string,
    path: string,
    { options, body }: { options: Options; body: string },
  ): Question {
    const accept = options["accept"];
    const given = options["type"] ?? (method === "PATCH" ? "strategic" : "application/json");
    const text = withRepeats(this.#names.expand(body));
    return {
      method: method === "WATCH" ? "GET" : method,
      // What the script has encoded itself stays as it is.
      path: encodeURI(this.#names.expand(path)).replaceAll("%25", "%"),
      headers: {
        Accept: ACCEPTED[accept ?? ""] ?? accept ?? "application/json",
        ...(body === "" ? {} : { "Content-Type": PATCHES[given] ?? given }),
      },
      body: body === "" ? undefined : "raw" in options ? text : JSON.stringify(parse(text)),
    };
  }

  async #ask(wire: Wire, question: Question, { until, within }: Options): Promise<Answer> {
    if (until === undefined) return askPatiently(wire, question);
    const at = until.lastIndexOf("=");
    const [path, wanted] = [until.slice(0, at), this.#names.expand(until.slice(at + 1))];
    const patienceMs = within === undefined ? UNTIL_MS : Number(within) * 1_000;
    const deadline = systemClock.monotonicMs() + patienceMs;
    for (;;) {
      const answer = await wire.ask(question);
      const found = path === "status" ? answer.status : valueAt(parsed(answer.body), path);
      const text =
        found === undefined ? "~" : typeof found === "string" ? found : JSON.stringify(found);
      if (text === wanted) return answer;
      if (systemClock.monotonicMs() > deadline) {
        throw new Error(`${path} is ${text} and not ${wanted}: ${answer.body.slice(0, 4000)}`);
      }
      await sleep(RETRY_MS);
    }
  }

  #show(answer: Answer, options: Options, isStream: boolean): string {
    for (const binding of (options["let"] ?? "").split(",")) {
      const [name = "", path = ""] = binding.split("=");
      if (name !== "") this.#names.learn(String(valueAt(parsed(answer.body), path)), `$${name}`);
    }
    const head = [String(answer.status), ...this.#headers(answer, options["header"])];
    if ("quiet" in options) return head.join("\n");
    const bodies = isStream ? answer.body.split("\n") : [answer.body];
    return [...head, ...bodies.map((body) => this.#body(body, options))].join("\n");
  }

  #headers({ headers }: Answer, names = ""): string[] {
    return names
      .split(",")
      .filter((name) => name !== "")
      .map((name) => {
        const value = [headers[name.toLowerCase()] ?? "none"].flat().join(", ");
        return `${name}: ${maskText(value, this.#names)}`;
      });
  }

  #body(text: string, options: Options): string {
    const value = parsed(text);
    if (typeof value !== "object" || value === null) return maskText(text.trim(), this.#names);
    const masked = mask(value, this.#names, { hasManagedFields: "managed" in options });
    const { hide } = options;
    const hidden = hide === undefined ? masked : withoutKeys(masked, new Set(hide.split(",")));
    if ("why" in options) return reasonsOf(hidden).join("\n");
    if (options["pick"] === undefined) return render(hidden);
    const places = options["pick"].split(",");
    return places
      .map((place) => render({ [place]: valueAt(hidden, this.#names.hide(place)) ?? null }))
      .join("\n");
  }

  async #inNode(given: string[]): Promise<string> {
    const [node = "", ...command] = given.map((word) => this.#names.expand(word));
    const { status, stdout, stderr } = await this.#cluster.inNode(node, command);
    return maskText(`${status}\n${stdout}${stderr}`, this.#names);
  }

  [Symbol.dispose](): void {
    this.#wire[Symbol.dispose]();
    this.#wireOfNobody[Symbol.dispose]();
  }
}
