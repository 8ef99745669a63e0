import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A node that does not answer for so long is passed over. */
const CONNECT_PATIENCE_MS = 2_000;
const MAX_CONNECTIONS = 4_096;

/** Who is asked, in this order; asked anew for every connection. */
export type Targets = () => readonly string[];

/** Passes connections to `host`:`port` on to the same port of the first target that takes them. */
export async function forwardTcp(
  host: string,
  port: number,
  targets: Targets,
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
  };
  // A side that has said all may still be told something.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client);
    void pass(client, port, targets(), keep);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen({ host, port, ipv6Only: true });
  try {
    await once(server, "listening");
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

async function pass(
  client: Socket,
  port: number,
  targets: readonly string[],
  keep: (socket: Socket) => Socket,
): Promise<void> {
  for (const target of targets) {
    const upstream = await tryConnect(target, port);
    if (upstream === undefined) continue;
    keep(upstream);
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
    return;
  }
  client.resetAndDestroy();
}

async function tryConnect(host: string, port: number): Promise<Socket | undefined> {
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.on("error", () => {});
  const timer = setTimeout(() => socket.destroy(), CONNECT_PATIENCE_MS);
  try {
    await once(socket, "connect", { signal: closeSignal(socket) });
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function closeSignal(socket: Socket): AbortSignal {
  const closed = new AbortController();
  socket.once("close", () => closed.abort());
  return closed.signal;
}
