import type { NamespaceRef } from "../model/link.ts";
import type { NamespaceId } from "../types.ts";
import type { Message } from "./message.ts";
import { AF } from "./wire.ts";
import type { MessageWriter } from "./writer.ts";

/** One byte, and three to align. */
export const NAMESPACE_ID_HEADER_BYTES = 4;
export const NETNSA = { NSID: 1, FD: 3 } as const;

/** Undefined for a namespace that has no number here. */
export function readNamespaceId(message: Message): NamespaceId | undefined {
  message.header(1, "rtgenmsg");
  const id = message.attributes(NAMESPACE_ID_HEADER_BYTES).i32(NETNSA.NSID);
  return id === undefined || id < 0 ? undefined : { id };
}

export function writeNamespaceId(
  writer: MessageWriter,
  namespace: NamespaceRef | undefined,
  id?: number,
): void {
  writer.bytes.u32le(AF.UNSPEC);
  writer.i32(NETNSA.NSID, id);
  writer.u32(NETNSA.FD, namespace?.fd);
}
