import { assert, DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { kernelMessages } from "../testdata/messages.ts";
import { readAddress, writeAddress } from "./address.ts";
import { readGenericFamily } from "./generic.ts";
import { readLink } from "./link.ts";
import { writeDetails } from "./link-kinds.ts";
import { type Message, readAcknowledgement, readDone, readMessages } from "./message.ts";
import { readNamespaceId } from "./namespace-id.ts";
import { culprit } from "./names.ts";
import { readNeighbour, writeNeighbour } from "./neighbour.ts";
import { readEvent } from "./objects.ts";
import { readRoute, writeRoute } from "./route.ts";
import { readRule, writeRule } from "./rule.ts";
import { readFilter, readQdisc, writeQdisc } from "./traffic.ts";
import { MessageWriter } from "./writer.ts";

const MAX_BYTES = 256 * 1024;

/** What a reader makes of a message, of whatever type that is; undefined where it is unreadable. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** What was read can be written again, and reads the same. */
function rewrite<T>(
  message: Message,
  read: (message: Message) => T | undefined,
  write: (writer: MessageWriter, value: T) => void,
): void {
  const value = attempt(() => read(message));
  if (value === undefined) return;
  const writer = new MessageWriter(MAX_BYTES);
  writer.begin(message.type, 0, 1);
  write(writer, value);
  writer.end();
  const [again] = readMessages(writer.finish());
  assert(again !== undefined && read(again) !== undefined, "what is written reads back");
}

function readAll(message: Message): void {
  attempt(() => readEvent(message));
  attempt(() => readDone(message));
  attempt(() => readGenericFamily(message));
  attempt(() => readNamespaceId(message));
  attempt(() => readFilter(message));
  rewrite(message, readAddress, writeAddress);
  rewrite(message, readRoute, (writer, route) => writeRoute(writer, route, true));
  rewrite(message, readRule, (writer, rule) => writeRule(writer, rule, true));
  rewrite(message, readNeighbour, writeNeighbour);
  rewrite(message, readQdisc, writeQdisc);
  const details = attempt(() => readLink(message))?.details;
  if (details !== undefined && details.kind !== "tun" && details.kind !== "veth") {
    const isMode = details.kind !== "macvlan" || details.mode !== "unknown";
    const spec = details.kind === "macvlan" && !isMode ? { kind: details.kind } : details;
    writeDetails(new MessageWriter(MAX_BYTES), spec as never, { isNew: true });
  }
}

const target: FuzzTarget = defineFuzz({
  corpus() {
    const messages = kernelMessages().map(({ bytes }) => bytes);
    const all = new Uint8Array(messages.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const bytes of messages) {
      all.set(bytes, at);
      at += bytes.length;
    }
    return [...messages, all.subarray(all.length - 2048)];
  },
  run(input) {
    for (const message of readMessages(input)) {
      const result = attempt(() => readAcknowledgement(message));
      // Where a kernel points at, in a request that is ours but here is anything.
      if (result?.extended !== undefined) culprit(input, result.extended);
      readAll(message);
    }
  },
});
export default target;
