import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#base";
import type { Run } from "../core/observed.ts";
import type { Pod } from "../core/pod.ts";
import { ContainerProcess } from "../host/container-process.ts";
import { readJson } from "../host/files.ts";
import { LogFile } from "../host/log-file.ts";
import { identify, signal } from "../host/process.ts";
import type { PodFolders } from "./folders.ts";
import type { ContainerRecord, RunFile } from "./record.ts";

/** How many runs of a container are kept: the last one and the one before. */
const KEPT_RUNS = 2;

/** Fills in what an earlier kubelet has left of a container: its runs, and the process if it runs. */
export function adoptContainer(
  record: ContainerRecord,
  pod: Pod,
  folders: PodFolders,
  clock: Clock,
): void {
  const { name } = record.container;
  const runs = attemptsOf(folders, name).flatMap((attempt) => {
    const file = readJson<RunFile>(join(folders.run(name, attempt), "run.json"));
    return file === undefined ? [] : [file];
  });
  const last = runs.at(-1);
  if (last === undefined) return;
  record.previous = toRun(runs.at(-2));
  record.run = toRun(last);
  if (last.end !== undefined) return;
  const status = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
  ].find((candidate) => candidate.name === name);
  record.isStarted = status?.started ?? false;
  record.isReady = status?.ready ?? false;
  const log = new LogFile(folders.log(name, last.attempt), clock);
  const process = ContainerProcess.adopt(folders.run(name, last.attempt), log, clock);
  if (process !== undefined) {
    record.log = log;
    record.process = process;
    return;
  }
  // The kubelet died between making the folder and hearing of the process.
  log[Symbol.dispose]();
  killUnrecorded(folders.run(name, last.attempt));
  const end = { finishedAt: clock.nowMs(), exitCode: 137, reason: "ContainerStatusUnknown" };
  record.run = { id: last.id, attempt: last.attempt, startedAt: last.startedAt, end };
}

function toRun(file: RunFile | undefined): Run | undefined {
  if (file === undefined) return undefined;
  const { id, attempt, startedAt, end } = file;
  return { id, attempt, startedAt, end };
}

function killUnrecorded(folder: string): void {
  const path = join(folder, "pid");
  if (!existsSync(path)) return;
  const id = identify(Number(readFileSync(path, "utf8")));
  if (id !== undefined && readFileSync(`/proc/${id.pid}/cmdline`, "utf8").includes(folder))
    signal(id, "SIGKILL");
}

function attemptsOf(folders: PodFolders, name: string): number[] {
  try {
    return readdirSync(folders.container(name))
      .map(Number)
      .filter(Number.isInteger)
      .toSorted((a, b) => a - b);
  } catch {
    return [];
  }
}

/** Takes away what is known of runs before the last two, their logs among it. */
export function forgetOldRuns(folders: PodFolders, name: string): void {
  for (const attempt of attemptsOf(folders, name).slice(0, -KEPT_RUNS)) {
    rmSync(folders.run(name, attempt), { recursive: true, force: true });
    for (const suffix of ["", ".old"]) rmSync(folders.log(name, attempt) + suffix, { force: true });
    folders.removeDeadLinks();
  }
}
