import type { ObservedContainer, Run, Waiting } from "../core/observed.ts";
import type { Container } from "../core/pod.ts";
import type { ContainerProcess } from "../host/container-process.ts";
import type { LogFile } from "../host/log-file.ts";
import type { StandIn } from "../images/stand-in.ts";

/** What its worker knows and holds of one container of a pod. */
export interface ContainerRecord {
  readonly container: Container;
  readonly isInit: boolean;
  run: Run | undefined;
  previous: Run | undefined;
  waiting: Waiting | undefined;
  isStarted: boolean;
  isReady: boolean;
  condemned: string | undefined;
  retryAt: number;
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
export interface RunFile {
  readonly id: string;
  readonly attempt: number;
  readonly startedAt: number;
  readonly isStandIn: boolean;
  readonly end?: NonNullable<Run["end"]>;
}

export function newRecord(container: Container, isInit: boolean): ContainerRecord {
  return {
    container,
    isInit,
    run: undefined,
    previous: undefined,
    waiting: undefined,
    isStarted: false,
    isReady: false,
    condemned: undefined,
    retryAt: 0,
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
  const { run, previous, waiting, isStarted, isReady, condemned, retryAt } = record;
  return { run, previous, waiting, isStarted, isReady, condemned, retryAt };
}
