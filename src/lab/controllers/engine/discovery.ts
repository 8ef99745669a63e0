/** Which resources the server has: those of CRDs come and go. */
import type { Clock } from "#base";
import type { Resource } from "#kube";

import type { Api } from "./api.ts";

export interface Served extends Resource {
  readonly verbs: readonly string[];
}

/** How long an answer is believed. */
const FRESH_MS = 5_000;

interface ResourceList {
  resources?: { name: string; kind: string; namespaced: boolean; verbs?: string[] }[];
}
interface GroupList {
  groups?: { name: string; preferredVersion?: { version: string } }[];
}

export class Discovery {
  readonly #api: Api;
  readonly #clock: Clock;
  #answer: Promise<Served[]> | undefined;
  #askedMs = 0;

  constructor(api: Api, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** In the version that the server prefers. A failure is asked about again. */
  served(): Promise<Served[]> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#answer === undefined || nowMs - this.#askedMs > FRESH_MS) {
      this.#askedMs = nowMs;
      this.#answer = this.#ask();
      this.#answer.catch(() => this.forget());
    }
    return this.#answer;
  }

  forget(): void {
    this.#answer = undefined;
  }

  /** That of an owner; undefined for kinds that nobody serves. */
  async find(apiVersion: string, kind: string): Promise<Served | undefined> {
    const [first = "", second] = apiVersion.split("/");
    const group = second === undefined ? "" : first;
    return (await this.served()).find((each) => each.group === group && each.kind === kind);
  }

  async #ask(): Promise<Served[]> {
    const { groups = [] } = (await this.#api.read("/apis")) as GroupList;
    const lists = await Promise.all([
      this.#list("", "v1", "/api/v1"),
      ...groups.map(({ name, preferredVersion }) => {
        const version = preferredVersion?.version ?? "v1";
        return this.#list(name, version, `/apis/${name}/${version}`);
      }),
    ]);
    return lists.flat();
  }

  async #list(group: string, version: string, path: string): Promise<Served[]> {
    const { resources = [] } = (await this.#api.read(path)) as ResourceList;
    return resources
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, kind, namespaced, verbs = [] }) => {
        return { group, version, plural: name, kind, isNamespaced: namespaced, verbs };
      });
  }
}

export function canAll(served: Served, verbs: readonly string[]): boolean {
  return verbs.every((verb) => served.verbs.includes(verb));
}
