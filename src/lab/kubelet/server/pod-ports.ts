import type net from "node:net";
import { IpAddress } from "#base";
import { connectTcp, type NamespaceRef, openNamespace } from "#netlink";
import { goWords } from "../core/go-words.ts";

/** More than that, not yet taken by the client, and the pod's end has to wait. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
const DRAIN_MS = 10;

/** Which pod's ports are asked for. */
export interface ForwardTarget {
  /** Where the pod's network namespace is to be found. */
  readonly networkPath: string;
  /** Of the pod's sandbox. */
  readonly id: string;
}

/**
 * On the pod's localhost: what listens on all addresses answers there, too. Rejects in the words of
 * a runtime.
 */
export async function connectInside(target: ForwardTarget, port: number): Promise<net.Socket> {
  const { networkPath, id } = target;
  using namespace = openNamespace(networkPath);
  try {
    return await connectOn(namespace, "127.0.0.1", port);
  } catch (first) {
    try {
      return await connectOn(namespace, "::1", port);
    } catch (second) {
      const inside = `inside namespace ${JSON.stringify(id)}`;
      const four = `dial tcp4 127.0.0.1:${port}: ${goWords(first)}`;
      const six = `dial tcp6 [::1]:${port}: ${goWords(second)}`;
      throw new Error(
        `error forwarding port ${port} to pod ${id}, uid : failed to execute portforward in network namespace ` +
          `${JSON.stringify(networkPath)}: failed to connect to localhost:${port} ${inside}, IPv4: ${four} IPv6 ${six} `,
        { cause: second },
      );
    }
  }
}

async function connectOn(
  namespace: NamespaceRef,
  address: string,
  port: number,
): Promise<net.Socket> {
  return await connectTcp(namespace, { address: IpAddress.parse(address), port });
}

/** Passes on what the pod's end says until it closes; whoever takes it may be slow. */
export function copyFrom(
  pod: net.Socket,
  write: (bytes: Buffer) => void,
  socket: { readonly bufferedAmount: number; readonly readyState: number; readonly OPEN: number },
  onEnd: () => void,
): Promise<void> {
  const resume = (): void => {
    if (socket.readyState !== socket.OPEN) pod.destroy();
    else if (socket.bufferedAmount < MAX_BUFFERED_BYTES) pod.resume();
    else setTimeout(resume, DRAIN_MS);
  };
  return new Promise((resolve) => {
    pod.on("data", (bytes: Buffer) => {
      write(bytes);
      if (socket.bufferedAmount < MAX_BUFFERED_BYTES) return;
      pod.pause();
      resume();
    });
    pod.once("end", onEnd);
    pod.once("error", () => pod.destroy());
    pod.once("close", () => resolve());
  });
}
