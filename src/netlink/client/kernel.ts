import { AppError, openResources } from "#base";
import type { Backend } from "../backend.ts";
import type { Change } from "../change.ts";
import type { Acknowledgement } from "../codec/message.ts";
import { culprit } from "../codec/names.ts";
import { fits, readObject } from "../codec/objects.ts";
import { type ListRequest, listRequests, writeChange } from "../codec/requests.ts";
import { MessageWriter } from "../codec/writer.ts";
import { describeChange, describeList } from "../describe.ts";
import { NetlinkError } from "../errors.ts";
import type {
  ChangeOutcome,
  EventGroup,
  FilterOf,
  ObjectKind,
  ObjectOf,
  Subscription,
  SubscriptionOptions,
} from "../types.ts";
import { BatchExchange, type Exchange, ListExchange, run, runAsync } from "./exchange.ts";
import { SerialSocket } from "./serial-socket.ts";
import type { NetlinkSocket, SocketOptions } from "./socket.ts";
import { groupNumbers, KernelSubscription } from "./subscription.ts";

/** What one send may hold: the answers to all of it must fit the receive buffer. */
const MAX_CHANGES_PER_SEND = 128;
const MAX_SEND_BYTES = 64 * 1024;
const MAX_REQUEST_BYTES = 1024 * 1024;
/** How often a list is begun again because what it lists changed meanwhile. */
const MAX_LIST_ATTEMPTS = 8;
const MAX_SEQUENCE = 0xffff_ffff;
const ENOENT = 2;
const ENODEV = 19;

/** Opens a socket in the namespace that this is about, whichever the calling thread is in. */
type OpenSocket = (options: Omit<SocketOptions, "protocol">) => NetlinkSocket;

/** Work that asks the kernel now and then, on whichever thread its driver likes. */
type Steps<T> = Generator<Exchange, T, void>;

/** The kernel's configuration of one namespace. */
export class KernelBackend implements Backend {
  readonly #open: OpenSocket;
  readonly #socket: NetlinkSocket;
  /** A second one: questions and answers on a socket have one order. */
  readonly #asyncSocket: SerialSocket;
  #sequence = 0;

  /** Takes the sockets over. `open` makes one more beside them. */
  constructor(socket: NetlinkSocket, asyncSocket: NetlinkSocket, open: OpenSocket) {
    this.#open = open;
    this.#socket = socket;
    this.#asyncSocket = new SerialSocket(asyncSocket);
  }

  list<K extends ObjectKind>(kind: K, filter: FilterOf<K>): ObjectOf<K>[] {
    return this.#drive(this.#list(kind, filter));
  }

  listAsync<K extends ObjectKind>(kind: K, filter: FilterOf<K>): Promise<ObjectOf<K>[]> {
    return this.#driveAsync(() => this.#list(kind, filter));
  }

  apply(changes: readonly Change[]): ChangeOutcome[] {
    return this.#drive(this.#apply(changes));
  }

  applyAsync(changes: readonly Change[]): Promise<ChangeOutcome[]> {
    return this.#driveAsync(() => this.#apply(changes));
  }

  subscribe(groups: readonly EventGroup[], options: SubscriptionOptions): Subscription {
    const { receiveBytes } = options;
    const socket = this.#open({
      what: `netlink subscription to ${groups.join(", ")}`,
      groups: groupNumbers(groups),
      ...(receiveBytes === undefined ? {} : { receiveBytes }),
    });
    return new KernelSubscription(socket, options);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#asyncSocket[Symbol.dispose]();
  }

  #drive<T>(steps: Steps<T>): T {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      run(this.#socket, step.value);
    }
  }

  #driveAsync<T>(begin: () => Steps<T>): Promise<T> {
    return this.#asyncSocket.use(async (socket) => {
      const steps = begin();
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        await runAsync(socket, step.value);
      }
    });
  }

  *#list<K extends ObjectKind>(kind: K, filter: FilterOf<K>): Steps<ObjectOf<K>[]> {
    const objects: ObjectOf<K>[] = [];
    for (const request of listRequests(kind, filter)) {
      for (const object of yield* this.#listOne(kind, request)) {
        if (fits(kind, object, request.filter)) objects.push(object);
      }
    }
    return objects;
  }

  *#listOne<K extends ObjectKind>(kind: K, request: ListRequest<K>): Steps<ObjectOf<K>[]> {
    for (let attempt = 1; attempt <= MAX_LIST_ATTEMPTS; attempt++) {
      const objects: ObjectOf<K>[] = [];
      const sequence = this.#takeSequences(1);
      const writer = new MessageWriter(MAX_REQUEST_BYTES);
      request.write(writer, sequence);
      const exchange = new ListExchange(writer.finish(), sequence, (message) => {
        const object = readObject(kind, message);
        if (object !== undefined) objects.push(object);
      });
      yield exchange;
      const { result } = exchange;
      if (result.errno !== 0) {
        if (isEmptyList(kind, result.errno)) return [];
        throw failure(describeList(kind), result, exchange.request);
      }
      if (!exchange.isInterrupted) return objects;
    }
    const why = `it changed under each of ${MAX_LIST_ATTEMPTS} attempts`;
    throw new AppError("netlink-interrupted", `${describeList(kind)}: ${why}`);
  }

  *#apply(changes: readonly Change[]): Steps<ChangeOutcome[]> {
    const outcomes: ChangeOutcome[] = [];
    while (outcomes.length < changes.length) {
      const rest = changes.slice(outcomes.length, outcomes.length + MAX_CHANGES_PER_SEND);
      const firstSequence = this.#takeSequences(rest.length);
      const { bytes, starts } = writeAll(rest, firstSequence);
      const exchange = new BatchExchange(bytes, firstSequence, starts.length);
      yield exchange;
      for (const [index, start] of starts.entries()) {
        const change = rest[index] as Change;
        const result = exchange.failures.get(index);
        const request = bytes.subarray(start, starts[index + 1]);
        const error = result && failure(describeChange(change), result, request);
        outcomes.push({ change, error });
        // Devices go with their namespace, unasked, so nobody strikes them out: a test run looks
        // which of them are in the machine's own namespace at its end.
        if (change.type === "link create" && error === undefined) {
          openResources.opened("device", change.spec.name);
        }
      }
    }
    return outcomes;
  }

  /** Answers the first of so many numbers in a row. 0 is what the kernel speaks of by itself. */
  #takeSequences(count: number): number {
    if (this.#sequence + count > MAX_SEQUENCE) this.#sequence = 0;
    const first = this.#sequence + 1;
    this.#sequence += count;
    return first;
  }
}

/** As many changes as one send may hold, and where the request for each begins. */
function writeAll(
  changes: readonly Change[],
  firstSequence: number,
): { bytes: Uint8Array; starts: number[] } {
  const writer = new MessageWriter(MAX_REQUEST_BYTES);
  const starts: number[] = [];
  for (const [index, change] of changes.entries()) {
    if (writer.bytes.length > MAX_SEND_BYTES) break;
    writeChange(writer, change, firstSequence + index);
    starts.push(writer.start);
  }
  writer.askForAck();
  return { bytes: writer.finish(), starts };
}

function failure(what: string, result: Acknowledgement, request: Uint8Array): NetlinkError {
  const { errno, extended } = result;
  return new NetlinkError(what, errno, {
    kernelMessage: extended?.message,
    attribute: extended && culprit(request, extended),
  });
}

/** The kernel has an error for "none" where the device or the table of the filter is not there. */
function isEmptyList(kind: ObjectKind, errno: number): boolean {
  return errno === ENODEV || (kind === "route" && errno === ENOENT);
}
