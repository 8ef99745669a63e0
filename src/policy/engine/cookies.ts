import { assertDefined } from "#base";
import type { Origin } from "../map-state.ts";
import type { RuleRef } from "../rule.ts";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Below that many, origins of rules long gone are not worth looking for. */
const SWEEP_FROM = 4_096;

/**
 * Numbers for origins. A cookie is made of what the origin says, so that the same rules have the
 * same cookie after a restart and on another node; 0 is none.
 */
export class CookieTable {
  readonly #byText = new Map<string, number>();
  readonly #origins = new Map<number, { readonly origin: Origin; readonly text: string }>();
  /** Cookies that nobody used at the last sweep; events that name them may still be on their way. */
  #leaving = new Set<number>();
  #sweepAt = SWEEP_FROM;

  get size(): number {
    return this.#origins.size;
  }

  intern(origin: Origin): number {
    const text = originText(origin);
    const known = this.#byText.get(text);
    if (known !== undefined) {
      this.#leaving.delete(known);
      return known;
    }
    let cookie = hash(text);
    while (cookie === 0 || this.#origins.has(cookie)) cookie = (cookie + 1) >>> 0;
    this.#byText.set(text, cookie);
    this.#origins.set(cookie, { origin: sortedOrigin(origin), text });
    return cookie;
  }

  /** Undefined for 0, and for cookies of rules that went away some time ago. */
  resolve(cookie: number): Origin | undefined {
    return this.#origins.get(cookie)?.origin;
  }

  get isSweepDue(): boolean {
    return this.#origins.size >= this.#sweepAt;
  }

  /** Forgets what is not in use and was not at the sweep before either. */
  sweep(used: ReadonlySet<number>): void {
    const leaving = new Set<number>();
    for (const cookie of this.#origins.keys()) {
      if (used.has(cookie)) continue;
      if (this.#leaving.has(cookie)) this.#forget(cookie);
      else leaving.add(cookie);
    }
    this.#leaving = leaving;
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#origins.size);
  }

  #forget(cookie: number): void {
    const { text } = assertDefined(this.#origins.get(cookie), "only what is known is forgotten");
    this.#byText.delete(text);
    this.#origins.delete(cookie);
  }
}

/** Names a rule in one line; equal exactly for equal references. */
export function refText({ policy, path }: RuleRef): string {
  return `${policy.kind}|${policy.namespace}|${policy.name}|${path}`;
}

/** In the order of their texts, each once. */
function sortedRefs(refs: readonly RuleRef[]): readonly RuleRef[] {
  if (refs.length < 2) return refs;
  const byText = new Map(refs.map((ref) => [refText(ref), ref]));
  return [...byText].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, ref]) => ref);
}

function sortedOrigin(origin: Origin): Origin {
  return {
    ...origin,
    deniedBy: sortedRefs(origin.deniedBy),
    allowedBy: sortedRefs(origin.allowedBy),
    auditedBy: sortedRefs(origin.auditedBy),
  };
}

function originText(origin: Origin): string {
  const texts = (refs: readonly RuleRef[]): string => sortedRefs(refs).map(refText).join("\n");
  return [
    origin.synthetic ?? "",
    texts(origin.deniedBy),
    texts(origin.allowedBy),
    texts(origin.auditedBy),
  ].join("\n\n");
}

function hash(text: string): number {
  let value = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), FNV_PRIME);
  }
  // The last characters have hardly reached the upper bits yet.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
