import { request as httpRequest } from "node:http";
import type net from "node:net";
import tls from "node:tls";
import { once } from "node:events";
import { type Clock, IpAddress } from "#base";
import { connectTcp, type NamespaceRef } from "#netlink";
import {
  afterProbe,
  firstProbeState,
  hasGivenUp,
  type ProbeResult,
  type ProbeState,
} from "./core/probe-state.ts";
import { goWords } from "./core/go-words.ts";
import type { Container, Handler, HttpGet, Probe } from "./core/pod.ts";

type ProbeKind = "Startup" | "Liveness" | "Readiness";

/** What probes need of the world. */
export interface ProbeWorld {
  readonly clock: Clock;
  /** Where the node is: probes come from it. */
  readonly namespace: NamespaceRef;
  readonly container: Container;
  ip(): string | undefined;
  exec(
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ exitCode: number; output: string; isTimedOut: boolean }>;
}

interface ProbeVerdicts {
  onStarted(): void;
  onReadiness(isReady: boolean): void;
  /** The container is to be killed. */
  onGivenUp(kind: ProbeKind): void;
  onFailure(kind: ProbeKind, result: ProbeResult): void;
}

/** Of an answer that a probe reads. */
const MAX_ANSWER_BYTES = 10 * 1024;

/** Runs the probes of one container from its start to its end. */
export class Probes implements Disposable {
  readonly #world: ProbeWorld;
  readonly #verdicts: ProbeVerdicts;
  readonly #abort = new AbortController();

  constructor(world: ProbeWorld, verdicts: ProbeVerdicts) {
    this.#world = world;
    this.#verdicts = verdicts;
    void this.#run().catch(() => {});
  }

  async #run(): Promise<void> {
    const { startupProbe, livenessProbe, readinessProbe } = this.#world.container;
    if (startupProbe !== undefined) {
      const started = await this.#watch(
        "Startup",
        startupProbe,
        firstProbeState(false),
        (state) => state.isGood,
      );
      if (!started) return;
      this.#verdicts.onStarted();
    }
    const loops: Promise<unknown>[] = [];
    if (livenessProbe !== undefined) {
      loops.push(this.#watch("Liveness", livenessProbe, firstProbeState(true), () => false));
    }
    if (readinessProbe !== undefined) {
      loops.push(this.#watch("Readiness", readinessProbe, firstProbeState(false), () => false));
    }
    await Promise.all(loops);
  }

  /** Probes until `isDone`, which it answers true for, or until the container is given up. */
  async #watch(
    kind: ProbeKind,
    probe: Probe,
    first: ProbeState,
    isDone: (state: ProbeState) => boolean,
  ): Promise<boolean> {
    const { clock } = this.#world;
    const { signal } = this.#abort;
    let state = first;
    await clock.sleep((probe.initialDelaySeconds ?? 0) * 1000, signal);
    for (;;) {
      const result = await probeOnce(probe, this.#world);
      if (signal.aborted) return false;
      const was = state.isGood;
      if (result.isUnknown !== true) state = afterProbe(state, probe, result.isSuccess);
      if (!result.isSuccess) this.#verdicts.onFailure(kind, result);
      if (kind === "Readiness" && was !== state.isGood) this.#verdicts.onReadiness(state.isGood);
      if (isDone(state)) return true;
      if (kind !== "Readiness" && hasGivenUp(state, probe)) {
        this.#verdicts.onGivenUp(kind);
        return false;
      }
      await clock.sleep((probe.periodSeconds ?? 10) * 1000, signal);
    }
  }

  [Symbol.dispose](): void {
    this.#abort.abort();
  }
}

/** One run of a probe: never an error, and never longer than its timeout. */
async function probeOnce(probe: Probe, world: ProbeWorld): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  try {
    return await runHandler(probe, world, timeoutMs);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { isSuccess: false, isUnknown: true, message };
  }
}

const SUCCESS: ProbeResult = { isSuccess: true, message: "" };

async function runHandler(
  handler: Handler,
  world: ProbeWorld,
  timeoutMs: number,
): Promise<ProbeResult> {
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (exec !== undefined) {
    const { exitCode, output, isTimedOut } = await world.exec(exec.command ?? [], timeoutMs);
    if (isTimedOut)
      return {
        isSuccess: false,
        message: `command timed out: ${JSON.stringify((exec.command ?? []).join(" "))} timed out after ${timeoutMs / 1000}s`,
      };
    return { isSuccess: exitCode === 0, message: output };
  }
  if (httpGet !== undefined) return await probeHttp(httpGet, world, timeoutMs);
  if (tcpSocket !== undefined) {
    const host = tcpSocket.host ?? world.ip() ?? "";
    const port = portNumber(tcpSocket.port, world.container);
    try {
      (await dial(world.namespace, host, port, timeoutMs)).destroy();
    } catch (error) {
      return { isSuccess: false, message: error instanceof Error ? error.message : String(error) };
    }
    return SUCCESS;
  }
  const what = grpc === undefined ? "a probe without a handler" : "a gRPC probe";
  return { isSuccess: false, message: `${what} is not supported by the lab's kubelet` };
}

/** A port by its number, or by the name that the container gives it. */
function portNumber(port: number | string, container: Container): number {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number <= 65_535) return number;
  const named = container.ports?.find(({ name }) => name === port);
  if (named === undefined) throw new Error(`couldn't find port: ${JSON.stringify(port)}`);
  return named.containerPort;
}

/** A connection from the node, with the words of a Go program where there is none. */
async function dial(
  namespace: NamespaceRef,
  host: string,
  port: number,
  timeoutMs: number,
): Promise<net.Socket> {
  const name = host.includes(":") ? `[${host}]` : host;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connecting = connectTcp(namespace, { address: IpAddress.parse(host), port });
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("i/o timeout")), timeoutMs);
  });
  try {
    return await Promise.race([connecting, late]);
  } catch (error) {
    void connecting.then((socket) => socket.destroy()).catch(() => {});
    throw new Error(`dial tcp ${name}:${port}: ${goWords(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function probeHttp(get: HttpGet, world: ProbeWorld, timeoutMs: number): Promise<ProbeResult> {
  const host = get.host !== undefined && get.host !== "" ? get.host : (world.ip() ?? "");
  const port = portNumber(get.port, world.container);
  const path = `/${(get.path ?? "/").replace(/^\//, "")}`;
  const scheme = get.scheme ?? "HTTP";
  const name = host.includes(":") ? `[${host}]` : host;
  const url = `${scheme.toLowerCase()}://${name}:${port}${path}`;
  try {
    const status = await httpStatus(world.namespace, {
      host,
      port,
      path,
      get,
      isTls: scheme === "HTTPS",
      timeoutMs,
    });
    if (status >= 200 && status < 400) return SUCCESS;
    return { isSuccess: false, message: `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { isSuccess: false, message: `Get ${JSON.stringify(url)}: ${message}` };
  }
}

interface HttpProbe {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly get: HttpGet;
  readonly isTls: boolean;
  readonly timeoutMs: number;
}

async function httpStatus(namespace: NamespaceRef, probe: HttpProbe): Promise<number> {
  const { host, port, path, get, isTls, timeoutMs } = probe;
  const headers: Record<string, string> = {
    "user-agent": "kube-probe/1.36",
    accept: "*/*",
    connection: "close",
  };
  for (const { name, value } of get.httpHeaders ?? []) headers[name.toLowerCase()] = value;
  headers["host"] ??= `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const plain = await dial(namespace, host, port, timeoutMs);
  let socket: net.Socket = plain;
  const timer = setTimeout(() => {
    plain.destroy(
      new Error("context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
    );
  }, timeoutMs);
  try {
    if (isTls) {
      // Of a probe's peer nothing is believed, so its certificate does not matter.
      socket = tls.connect({ socket: plain, rejectUnauthorized: false });
      await once(socket, "secureConnect");
    }
    return await answerStatus(socket, path, headers);
  } finally {
    clearTimeout(timer);
    plain.destroy();
  }
}

function answerStatus(
  socket: net.Socket,
  path: string,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ path, headers, createConnection: () => socket }, (response) => {
      let length = 0;
      response.on("data", (bytes: Buffer) => {
        length += bytes.length;
        if (length > MAX_ANSWER_BYTES) response.destroy();
      });
      response.on("error", () => {});
      resolve(response.statusCode ?? 0);
    });
    request.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ECONNRESET" && error.message === "socket hang up"
          ? new Error("EOF")
          : error,
      );
    });
    request.end();
  });
}

/** A lifecycle hook by the network: nothing comes of its answer but that there was one. */
export async function callHook(
  handler: Handler,
  world: ProbeWorld,
  timeoutMs: number,
): Promise<ProbeResult> {
  return await probeOnce({ ...handler, timeoutSeconds: timeoutMs / 1000 }, world);
}
