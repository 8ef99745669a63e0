import { randomBytes } from "node:crypto";
import { lstatSync, readFileSync, type Stats } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { privilegeWords } from "../core/privileges.ts";
import type { ContainerRecord } from "../pod/record.ts";
import type { RunnerPod } from "../pod/runner.ts";
import { runCommand } from "./files.ts";
import { shellQuote } from "./shell.ts";

const ID_BYTES = 32;
const ANY_EXECUTE = 0o111;

/**
 * A command line that runs a program inside a container, as a child of whoever runs it: in its
 * namespaces, with its variables and its working folder.
 */
export function execArguments(
  record: ContainerRecord,
  here: RunnerPod,
  command: readonly string[],
  hasTty = false,
): string[] {
  const { process, container, run } = record;
  if (process === undefined || run === undefined || !process.isRunning) {
    throw new AppError("exec", `container not found ("${container.name}")`);
  }
  const environment = environmentOf(process.pid);
  if (hasTty && !environment.some((variable) => variable.startsWith("TERM=")))
    environment.push("TERM=xterm");
  const path = environment.find((variable) => variable.startsWith("PATH="))?.slice(5) ?? "";
  const { pid } = process;
  needProgram(pid, path, command[0]);
  const script = `cd ${shellQuote(container.workingDir ?? "/")} 2> /dev/null || cd /\nexec "$@"`;
  const isHostPid = here.pod.spec.hostPID === true;
  const spaces = ["--mount", "--uts", "--ipc", "--net", ...(isHostPid ? [] : ["--pid"])];
  // Where the kubelet itself runs in a chroot, the namespace's root is not the container's.
  const enter = ["nsenter", "--target", String(pid), ...spaces, "--root", "--wd", "--"];
  // The terminal becomes that of a session within the container: a shell outside of whose sight
  // its own session is cannot control jobs.
  const session = hasTty ? ["setsid", "--ctty"] : [];
  const own = [...privilegeWords(here.pod, container), "env", "-i", ...environment, ...command];
  const inner = ["sh", "-c", script, "sh", ...session, ...own];
  const { cgroup } = here;
  if (cgroup === undefined) return [...enter, ...inner];
  const enterGroup = `echo 0 > ${shellQuote(`${cgroup}/cgroup.procs`)} 2> /dev/null || :; exec "$@"`;
  return ["sh", "-c", enterGroup, "sh", ...enter, ...inner];
}

/** A program that cannot be run is the runtime's failure, and not one of the program. */
export class ExecError extends AppError {
  override readonly name: string = "ExecError";

  constructor(reason: string) {
    const id = randomBytes(ID_BYTES).toString("hex");
    super(
      "exec",
      `failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: ${reason}: unknown`,
    );
  }
}

function needProgram(pid: number, path: string, program: string | undefined): void {
  if (program === undefined) throw new ExecError("args must not be empty");
  const reason = program.includes("/")
    ? whyNot(inContainer(pid, program), program)
    : path.split(":").some((folder) => whyNot(inContainer(pid, join(folder, program)), "") === "")
      ? ""
      : "executable file not found in $PATH";
  if (reason === "" && program !== "") return;
  throw new ExecError(
    `unable to start container process: exec: ${JSON.stringify(program)}: ${reason}`,
  );
}

/** A link counts for what it is: where it leads within the container is not looked up here. */
function inContainer(pid: number, file: string): Stats | undefined {
  return lstatSync(join("/proc", String(pid), "root", file), { throwIfNoEntry: false });
}

function whyNot(found: Stats | undefined, program: string): string {
  if (found === undefined) return `stat ${program}: no such file or directory`;
  if (found.isDirectory()) return "is a directory";
  return (found.mode & ANY_EXECUTE) === 0 ? "permission denied" : "";
}

/** The variables that the container's own program was started with. */
function environmentOf(pid: number): string[] {
  const text = readFileSync(join("/proc", String(pid), "environ"), "utf8");
  return text.split("\0").filter((variable) => variable !== "");
}

/** Runs a program in a container to its end, as probes and hooks do. */
export async function execInContainer(
  record: ContainerRecord,
  here: RunnerPod,
  command: readonly string[],
  timeoutMs: number,
): Promise<{ exitCode: number; output: string; isTimedOut: boolean }> {
  const result = await runCommand(execArguments(record, here, command), { timeoutMs });
  const { exitCode, stdout, stderr, isTimedOut } = result;
  return { exitCode, output: stdout + stderr, isTimedOut };
}
