/** Programs in containers, and what they say. */
import type { Endpoint } from "#kube";
import { ChannelSocket } from "./channels.ts";

export const REMOTE_COMMAND = "v5.channel.k8s.io";
export const Channel = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4 } as const;

export interface ProgramStatus {
  readonly status: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: { readonly causes?: readonly { reason: string; message: string }[] };
}

interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly command: readonly string[];
  /** Of the request: `stdin=1`, `tty=1`. */
  readonly also?: string;
}

export function execPath({ namespace, pod, container, command, also }: ExecOptions): string {
  const query = new URLSearchParams(also ?? "");
  for (const word of command) query.append("command", word);
  for (const name of ["stdout", "stderr"]) query.append(name, "true");
  if (container !== undefined) query.append("container", container);
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.toString()}`;
}

interface ProgramOutcome {
  /** Its exit code; where it has none, why not. */
  readonly end: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. Rejects with Refused. */
export async function runProgram(
  endpoint: Endpoint,
  options: ExecOptions,
): Promise<ProgramOutcome> {
  using socket = await ChannelSocket.open(endpoint, execPath(options), [REMOTE_COMMAND]);
  await socket.closed;
  const [stdout, stderr] = [socket.text(Channel.stdout), socket.text(Channel.stderr)];
  return { end: endOf(socket.text(Channel.status)), stdout, stderr };
}

function endOf(text: string): string {
  const { status, message = "", details } = JSON.parse(text) as ProgramStatus;
  if (status === "Success") return "0";
  return details?.causes?.find(({ reason }) => reason === "ExitCode")?.message ?? message;
}
