import { AppError } from "#base";
import type { KubeletContext } from "../context.ts";
import { ExecError, execInContainer } from "../host/exec.ts";
import { Probes } from "../probes.ts";
import type { Tell } from "./pull.ts";
import type { ContainerRecord } from "./record.ts";
import type { RunnerPod } from "./runner.ts";

interface ProbingOptions {
  readonly ip: () => string | undefined;
  readonly here: () => RunnerPod | undefined;
  readonly tell: Tell;
  readonly onChange: () => void;
}

/** Has a container's probes say of it whether it has started, is ready, and lives. */
export function startProbes(
  context: KubeletContext,
  record: ContainerRecord,
  options: ProbingOptions,
): void {
  const { container } = record;
  const { startupProbe, readinessProbe } = container;
  if (startupProbe === undefined) record.isStarted = true;
  if (readinessProbe === undefined) record.isReady = record.isStarted;
  const { tell, onChange } = options;
  const world = {
    clock: context.clock,
    namespace: context.namespace,
    container,
    ip: options.ip,
    exec: async (command: readonly string[], timeoutMs: number) => {
      const here = options.here();
      if (here === undefined)
        return { exitCode: 1, output: "the pod has no sandbox", isTimedOut: false };
      try {
        return await execInContainer(record, here, command, timeoutMs);
      } catch (error) {
        if (!(error instanceof ExecError)) throw error;
        throw new AppError("exec", `rpc error: code = Unknown desc = ${error.message}`);
      }
    },
  };
  record.probes = new Probes(world, {
    onStarted() {
      record.isStarted = true;
      if (readinessProbe === undefined) record.isReady = true;
      onChange();
    },
    onReadiness(isReady) {
      record.isReady = isReady;
      onChange();
    },
    onGivenUp(kind) {
      record.condemned = `Container ${container.name} failed ${kind.toLowerCase()} probe`;
      onChange();
    },
    onFailure(kind, { message, isUnknown = false }) {
      const how = isUnknown ? "errored and resulted in unknown state" : "failed";
      tell(record, "Warning", "Unhealthy", `${kind} probe ${how}: ${message}`);
    },
  });
}
