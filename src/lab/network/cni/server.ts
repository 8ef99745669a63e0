import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { dirname } from "node:path";
import type { Logger } from "#base/log";
import { openNamespace, openNamespaceOfProcess } from "#netlink";
import { type PluginOutcome, runPlugin } from "./plugin.ts";
import { CniErrorCode, errorOutput, CniError, NEWEST_CNI_VERSION } from "./protocol.ts";

/** Environment and configuration of one call. */
const MAX_CALL_BYTES = 2 << 20;

interface ForwardedCall {
  readonly pid: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
}

/** What `bridge` in the node's folder of plugins talks to: see `script.ts`. */
export interface PluginServer extends AsyncDisposable {
  readonly path: string;
}

/** Answers the calls that plugin scripts forward. A socket left at `path` is replaced. */
export async function servePlugin(path: string, logger: Logger): Promise<PluginServer> {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    answer(socket, logger).catch((error: unknown) => {
      logger.error("a CNI call was not answered", { error });
      socket.destroy();
    });
  });
  server.listen(path);
  await once(server, "listening");
  // Whoever can write to it commands the network.
  chmodSync(path, 0o600);
  return {
    path,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}

async function answer(socket: Socket, logger: Logger): Promise<void> {
  const outcome = await run(await readAll(socket));
  if (outcome.status !== 0) logger.warn("a CNI call failed", { output: outcome.output });
  socket.end(JSON.stringify(outcome));
}

async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (text.length > MAX_CALL_BYTES) socket.destroy(new Error("the call is too long"));
  });
  // Not by iteration, which would close the other direction too.
  await once(socket, "end");
  return text;
}

async function run(text: string): Promise<PluginOutcome> {
  try {
    const { pid, environment, input } = parseCall(text);
    using node = openNamespaceOfProcess(pid);
    return await runPlugin({
      environment,
      input,
      node,
      // As the caller sees it, who may have mounts of his own.
      openNamespace: (path) => openNamespace(`/proc/${pid}/root${path}`),
    });
  } catch (error) {
    return { status: 1, output: errorOutput(error, NEWEST_CNI_VERSION) };
  }
}

function parseCall(text: string): ForwardedCall {
  let call: Partial<ForwardedCall> | undefined;
  try {
    call = JSON.parse(text) as typeof call;
  } catch {
    call = undefined;
  }
  const { pid, environment, input } = call ?? {};
  const isCall =
    Number.isSafeInteger(pid) && typeof environment === "object" && typeof input === "string";
  if (!isCall) throw new CniError(CniErrorCode.decode, "the forwarded call cannot be read");
  return { pid: Number(pid), environment, input };
}
