import { compilePattern, type KeyPattern } from "./key-pattern.ts";
import type { Label, Labels } from "./labels.ts";

/**
 * The labels that tell identities apart unless the user says more. `!` excludes; text before a `:`
 * is the source; the rest is a regular expression for the beginning of the key.
 */
const DEFAULT_LABEL_PATTERNS: readonly string[] = [
  "reserved:.*",
  "io\\.kubernetes\\.pod\\.namespace",
  "io\\.cilium\\.k8s\\.namespace\\.labels",
  "app\\.kubernetes\\.io",
  "io\\.cilium\\.k8s\\.policy\\.cluster",
  "io\\.cilium\\.k8s\\.policy\\.serviceaccount",
  "!io\\.kubernetes",
  "!kubernetes\\.io",
  "!statefulset\\.kubernetes\\.io/pod-name",
  "!apps\\.kubernetes\\.io/pod-index",
  "!batch\\.kubernetes\\.io/job-completion-index",
  "!batch\\.kubernetes\\.io/controller-uid",
  "!.*beta\\.kubernetes\\.io",
  "!k8s\\.io",
  "!pod-template-generation",
  "!pod-template-hash",
  "!controller-revision-hash",
  "!controller-uid",
  "!annotation.*",
  "!etcd_node",
  "!topology\\.kubernetes\\.io",
];

/** Distinct labels whose answer is kept; clusters have some hundred. */
const MAX_KEPT_ANSWERS = 20_000;

interface FilterPattern {
  readonly isExcluding: boolean;
  /** Undefined: any. */
  readonly source: string | undefined;
  readonly pattern: KeyPattern;
}

/** Which labels make identities. The others only inform. */
export class LabelFilter {
  readonly #patterns: readonly FilterPattern[];
  /** Whether a label that no pattern names is left out. */
  readonly #isAllowList: boolean;
  readonly #answers = new Map<string, boolean>();

  /**
   * With the user's patterns after the default ones, or instead of them. One including pattern of
   * the user's makes the list an allow list. Throws ConfigError of a pattern that is none.
   */
  constructor(patterns: readonly string[] = [], options: { replacesDefaults?: boolean } = {}) {
    const defaults = options.replacesDefaults === true ? [] : DEFAULT_LABEL_PATTERNS;
    const own = patterns.filter((text) => text !== "").map(parsePattern);
    this.#isAllowList = own.some((pattern) => !pattern.isExcluding);
    this.#patterns = [...defaults.map(parsePattern), ...own];
  }

  keeps(label: Label): boolean {
    const name = `${label.source}:${label.key}`;
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = this.#decide(label);
    if (this.#answers.size >= MAX_KEPT_ANSWERS) this.#answers.clear();
    this.#answers.set(name, answer);
    return answer;
  }

  filter(labels: Labels): Labels {
    return labels.filter((label) => this.keeps(label));
  }

  #decide(label: Label): boolean {
    let longestIncluding = 0;
    let shortestExcluding = 0;
    for (const { isExcluding, source, pattern } of this.#patterns) {
      if (source !== undefined && source !== label.source) continue;
      const length = pattern(label.key);
      // A match of nothing says nothing.
      if (length === 0) continue;
      if (!isExcluding) longestIncluding = Math.max(longestIncluding, length);
      else if (shortestExcluding === 0) shortestExcluding = length;
      else shortestExcluding = Math.min(shortestExcluding, length);
    }
    if (longestIncluding > shortestExcluding) return true;
    return !this.#isAllowList && shortestExcluding === 0;
  }
}

/** `!key`, `source:key`, and both as `source:!key` or `!source:key`. */
function parsePattern(text: string): FilterPattern {
  let rest = text;
  let isExcluding = false;
  const takeMark = (): void => {
    if (!rest.startsWith("!")) return;
    isExcluding = true;
    rest = rest.slice(1);
  };
  takeMark();
  const colon = rest.indexOf(":");
  const source = colon < 0 ? undefined : rest.slice(0, colon);
  rest = rest.slice(colon + 1);
  takeMark();
  return { isExcluding, source, pattern: compilePattern(rest, text) };
}
