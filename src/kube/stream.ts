/** Answers that are read as they come: watches and logs. */
import type { IncomingMessage } from "node:http";

import { decodeError } from "./decode.ts";
import type { Transport } from "./transport.ts";

/** Servers send a bookmark about every minute. A watch that hears nothing for so long is dead. */
export const MAX_SILENCE_MS = 150_000;

/** What is read of an answer that is an error. */
const MAX_ERROR_BYTES = 1024 * 1024;

interface StreamOptions {
  /** Ends the stream without an error. */
  signal?: AbortSignal | undefined;
  /** Breaks the stream off when nothing comes for so long. */
  maxSilenceMs?: number | undefined;
}

/** The body of a GET. Throws KubeError: what the server says, or that the stream broke off. */
export async function* streamBody(
  transport: Transport,
  path: string,
  { signal, maxSilenceMs }: StreamOptions,
): AsyncGenerator<Uint8Array, void, void> {
  let response: IncomingMessage | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    response = await open(transport, path, signal);
    timer = silenceTimer(response, maxSilenceMs);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      timer?.refresh();
      yield chunk;
    }
  } catch (error) {
    if (signal?.aborted === true) return;
    throw transport.unreachable(path, error);
  } finally {
    clearTimeout(timer);
    response?.destroy();
  }
}

async function open(
  transport: Transport,
  path: string,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  const headers = { Accept: "application/json, */*" };
  const response = await transport.open({ method: "GET", path, headers, signal });
  const { statusCode = 0 } = response;
  if (statusCode < 400) return response;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_ERROR_BYTES) break;
  }
  throw decodeError(statusCode, Buffer.concat(chunks));
}

function silenceTimer(
  response: IncomingMessage,
  maxSilenceMs: number | undefined,
): NodeJS.Timeout | undefined {
  if (maxSilenceMs === undefined) return undefined;
  return setTimeout(() => {
    response.destroy(new Error(`the API server said nothing for ${maxSilenceMs / 1_000} s`));
  }, maxSilenceMs);
}
