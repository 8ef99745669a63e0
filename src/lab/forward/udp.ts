import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Targets } from "./tcp.ts";

/** A client that is silent for so long is forgotten, as kube-proxy's conntrack does. */
const IDLE_MS = 30_000;
const MAX_CLIENTS = 1_024;

interface Client {
  readonly socket: Socket;
  timer: NodeJS.Timeout;
}

/** Passes datagrams on to the same port of the first target, and what comes back to its client. */
export async function forwardUdp(
  host: string,
  port: number,
  targets: Targets,
): Promise<AsyncDisposable> {
  const server = host.includes(":")
    ? createSocket({ type: "udp6", ipv6Only: true })
    : createSocket("udp4");
  const clients = new Map<string, Client>();
  server.on("message", (message, from) => {
    const target = targets()[0];
    if (target === undefined) return;
    clientOf(from, target)?.socket.send(message, port, target);
  });
  server.bind(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    server.close();
    throw error;
  }
  server.on("error", () => {});

  const forget = (key: string): void => {
    clients.get(key)?.socket.close();
    clients.delete(key);
  };
  const clientOf = (from: RemoteInfo, target: string): Client | undefined => {
    const key = `${from.address} ${from.port}`;
    const known = clients.get(key);
    clearTimeout(known?.timer);
    const timer = setTimeout(() => forget(key), IDLE_MS);
    timer.unref();
    if (known !== undefined) {
      known.timer = timer;
      return known;
    }
    if (clients.size >= MAX_CLIENTS) forget(clients.keys().next().value ?? "");
    const socket = createSocket(target.includes(":") ? "udp6" : "udp4");
    socket.on("error", () => {});
    socket.on("message", (message) => server.send(message, from.port, from.address));
    const client = { socket, timer };
    clients.set(key, client);
    return client;
  };
  return {
    [Symbol.asyncDispose]: async () => {
      for (const { timer } of clients.values()) clearTimeout(timer);
      for (const key of clients.keys()) forget(key);
      server.close();
      await once(server, "close");
    },
  };
}
