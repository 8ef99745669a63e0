import { policiesMap, PolicyFlag } from "#abi";
import { AppError } from "#base";
import type { BpfMap } from "#ebpf";
import type { SubjectState } from "#policy";
import { encodePolicy, type ProxyPort } from "./encode.ts";
import { EntryStore } from "./entry-store.ts";
import { HeldPolicy } from "./held-policy.ts";
import { PolicyNumbers } from "./policy-numbers.ts";
import type { Retirement } from "./retirement.ts";

const EMPTY_POLICY = new Uint8Array(policiesMap.value.size);

interface PolicyStoreOptions {
  readonly maps: { readonly policies: BpfMap; readonly policyEntries: BpfMap };
  readonly proxyPort: ProxyPort;
  readonly retirement: Retirement;
  /** What records name that a process before wrote. */
  readonly named: Iterable<number>;
}

/** Policies in the kernel, each under a number of its own. Knows nothing of who has them. */
export class PolicyStore {
  readonly entries: EntryStore;
  readonly numbers: PolicyNumbers;
  /** Numbers that a process before left. */
  readonly #adopted: Set<number>;
  readonly #policies: BpfMap;
  readonly #retirement: Retirement;

  /** Reads what is there, and changes none of it. */
  constructor({ maps, proxyPort, retirement, named }: PolicyStoreOptions) {
    this.#policies = maps.policies;
    this.#retirement = retirement;
    this.entries = new EntryStore(maps.policyEntries, proxyPort);
    this.#adopted = new Set([...this.entries.numbers(), ...numbersOf(maps.policies)]);
    // Records may name what holds nothing any more; they must not come to mean another's.
    for (const number of named) if (number !== 0) this.#adopted.add(number);
    this.numbers = new PolicyNumbers(maps.policies.shape.maxEntries, this.#adopted);
  }

  /** How many numbers a process before left. */
  get adopted(): number {
    return this.#adopted.size;
  }

  isAdopted(number: number): boolean {
    return this.#adopted.has(number);
  }

  /** Nobody uses it before it is whole. */
  write(state: SubjectState): HeldPolicy {
    const policy = new HeldPolicy(this.numbers.take(), state);
    try {
      this.entries.write(policy);
      this.#put(policy.number, encodePolicy(state));
    } catch (error) {
      if (!this.remove(policy)) this.#retirement.add(() => this.remove(policy));
      throw error;
    }
    return policy;
  }

  /** Whether it worked; if so, the number is free. */
  remove(policy: HeldPolicy): boolean {
    try {
      this.entries.remove(policy);
      this.#put(policy.number, EMPTY_POLICY);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return false;
    }
    this.numbers.giveBack(policy.number);
    return true;
  }

  /** Takes out what a process before left. What is used goes later, when it is not any more. */
  sweep(used: ReadonlySet<number>): void {
    const stale = new Set([...this.#adopted].filter((number) => !used.has(number)));
    if (stale.size > 0) this.entries.sweep(stale);
    for (const number of stale) {
      this.#put(number, EMPTY_POLICY);
      this.#adopted.delete(number);
      this.numbers.giveBack(number);
    }
  }

  #put(number: number, value: Uint8Array): void {
    this.#policies.update(policiesMap.key.encode(number), value);
  }
}

function numbersOf(policies: BpfMap): number[] {
  const numbers: number[] = [];
  for (const [key, value] of policies.entries()) {
    const { flags } = policiesMap.value.decode(value);
    if ((flags & PolicyFlag.policyInUse) !== 0) numbers.push(policiesMap.key.decode(key));
  }
  return numbers;
}
