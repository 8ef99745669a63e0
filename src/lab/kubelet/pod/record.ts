import { type ObservedContainer, type Run, type RunEnd, UNSEEN } from "../core/observed.ts";
import type { Container } from "../core/pod.ts";
import type { ContainerProcess } from "../host/container-process.ts";
import type { LogFile } from "../host/log-file.ts";
import type { StandIn } from "../images/stand-in.ts";

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What its worker knows and holds of one container of a pod. */
export interface ContainerRecord extends Writable<ObservedContainer> {
  readonly container: Container;
  readonly isInit: boolean;
  /** How often in a row its image was not to be had. */
  pullFailures: number;
  /** What the image was last said to lack. */
  pullMessage: string;
  process: ContainerProcess | undefined;
  /** Settled when the end of the process is noted. */
  settled: Promise<void>;
  standIn: StandIn | undefined;
  log: LogFile | undefined;
  probes: Disposable | undefined;
}

/** What is written down of a run, beside the files of its processes. */
export interface RunFile extends Pick<Run, "id" | "attempt" | "startedAt"> {
  readonly isStandIn: boolean;
  readonly end?: RunEnd;
}

export function newRecord(container: Container, isInit: boolean): ContainerRecord {
  return {
    container,
    isInit,
    ...UNSEEN,
    pullFailures: 0,
    pullMessage: "",
    process: undefined,
    settled: Promise.resolve(),
    standIn: undefined,
    log: undefined,
    probes: undefined,
  };
}

export function observe(record: ContainerRecord): ObservedContainer {
  const { run, previous, waiting, isStarted, isReady, condemned, retryAt, shownUntil } = record;
  return { run, previous, waiting, isStarted, isReady, condemned, retryAt, shownUntil };
}
