/** What the maps of policies stand on, and what they tell of themselves. */
import type { AppError, Clock } from "#base";
import type { BpfMap } from "#ebpf";
import type { Epoch } from "../epoch.ts";
import type { BehindSubject } from "./behind-subjects.ts";
import type { ProxyPort } from "./encode.ts";

/** Who has policies: the records of endpoints. */
export interface PolicyUsers {
  hasSubject(subject: string): boolean;
  subjects(): Iterable<string>;
  /** Has a subject's records name what `nextNumberFor` answers, where it does not hold yet. */
  stage(subject: string): void;
  areSettled(): boolean;
  /** Has records name what holds, and nothing else. */
  settle(): void;
  /** The numbers that records name, held or not, whoever wrote them. */
  policiesInUse(): Set<number>;
}

export interface PolicyMapsOptions {
  readonly maps: { readonly policies: BpfMap; readonly policyEntries: BpfMap };
  readonly epoch: Epoch;
  readonly clock: Clock;
  readonly users: PolicyUsers;
  readonly proxyPort: ProxyPort;
  /** Told of each failed attempt, for logs. */
  readonly onFailure: (subject: string, error: AppError) => void;
}

export interface PolicyStatus {
  /** Policies in force that this process wrote. */
  readonly policies: number;
  readonly entries: number;
  readonly capacity: number;
  /** Numbers that are taken, also by what is on its way out. */
  readonly numbers: number;
  /** What a process before left, and is not replaced or taken out yet. */
  readonly adopted: number;
  /** Subjects whose next policy waits until the last change of others has settled. */
  readonly waiting: number;
  /** Removals that wait for their moment. */
  readonly retiring: number;
  /** Subjects whose endpoints are under an older policy than they should be, or under none. */
  readonly behind: readonly BehindSubject[];
}
