import {
  CONTROL_FAMILY,
  CONTROL_VERSION,
  ControlCommand,
  CTRL,
  type GenericFamily,
  GENERIC_HEADER_BYTES,
  readGenericFamily,
  writeGenericHeader,
} from "./codec/generic.ts";
import type { Attributes } from "./codec/attributes.ts";
import type { Acknowledgement, Message } from "./codec/message.ts";
import { MessageFlag } from "./codec/wire.ts";
import { MessageWriter } from "./codec/writer.ts";
import { BatchExchange, ListExchange, run, runAsync } from "./client/exchange.ts";
import { openSocket } from "./client/open.ts";
import { SerialSocket } from "./client/serial-socket.ts";
import { NetlinkProtocol, type NetlinkSocket } from "./client/socket.ts";
import { NetlinkError } from "./errors.ts";
import type { NamespaceRef } from "./model/link.ts";

const MAX_REQUEST_BYTES = 64 * 1024;

/** One command to a family, with what to say of it in errors: `configuring device wg0`. */
export interface GenericRequest {
  readonly family: GenericFamily;
  readonly command: number;
  readonly what: string;
  /** Writes the family's own header, where it has one, and the attributes. */
  readonly write?: (writer: MessageWriter) => void;
}

/** A message of a family: its command, and a view of its attributes, good during the call. */
export type GenericTake<T> = (attributes: Attributes, command: number) => T;

/** Speaks generic netlink with one namespace's parts of the kernel. */
export class GenericNetlink implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #asyncSocket: SerialSocket;
  readonly #families = new Map<string, GenericFamily>();
  #sequence = 0;

  constructor(socket: NetlinkSocket, asyncSocket: NetlinkSocket) {
    this.#socket = socket;
    this.#asyncSocket = new SerialSocket(asyncSocket);
  }

  /** Undefined where this kernel has none of that name, or its module is not loaded. */
  family(name: string): GenericFamily | undefined {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const found = this.#query<GenericFamily>(
      {
        family: CONTROL,
        command: ControlCommand.getFamily,
        what: `looking for generic netlink family ${name}`,
        write: (writer) => writer.text(CTRL.FAMILY_NAME, name),
      },
      { flags: 0, take: readGenericFamily, isMissing: ({ errno }) => errno === ENOENT },
    )[0];
    if (found !== undefined) this.#families.set(name, found);
    return found;
  }

  /** All that this kernel has. */
  families(): GenericFamily[] {
    const command = ControlCommand.getFamily;
    return this.#query<GenericFamily>(
      { family: CONTROL, command, what: "listing generic netlink families" },
      { flags: MessageFlag.dump, take: readGenericFamily },
    );
  }

  /** Asks for one thing, and answers what `take` makes of it. */
  get<T>(request: GenericRequest, take: GenericTake<T>): T | undefined {
    return this.#query(request, { flags: 0, take: takeOf(request, take) })[0];
  }

  /** Asks for all there is. */
  dump<T>(request: GenericRequest, take: GenericTake<T>): T[] {
    return this.#query(request, { flags: MessageFlag.dump, take: takeOf(request, take) });
  }

  /** Has something done. */
  send(request: GenericRequest): void {
    const exchange = this.#command(request);
    run(this.#socket, exchange);
    check(request.what, exchange.failures.get(0));
  }

  /** The same, with the kernel's work on another thread. */
  sendAsync(request: GenericRequest): Promise<void> {
    return this.#asyncSocket.use(async (socket) => {
      const exchange = this.#command(request);
      await runAsync(socket, exchange);
      check(request.what, exchange.failures.get(0));
    });
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#asyncSocket[Symbol.dispose]();
  }

  #command(request: GenericRequest): BatchExchange {
    const sequence = this.#takeSequence();
    return new BatchExchange(write(request, { flags: MessageFlag.ack, sequence }), sequence, 1);
  }

  #query<T>(request: GenericRequest, { flags, take, isMissing }: Query<T>): T[] {
    const sequence = this.#takeSequence();
    const found: T[] = [];
    const bytes = write(request, { flags, sequence });
    const exchange = new ListExchange(bytes, sequence, (message) => void found.push(take(message)));
    run(this.#socket, exchange);
    if (isMissing?.(exchange.result) !== true) check(request.what, exchange.result);
    return found;
  }

  #takeSequence(): number {
    this.#sequence = this.#sequence === MAX_SEQUENCE ? 1 : this.#sequence + 1;
    return this.#sequence;
  }
}

interface Query<T> {
  readonly flags: number;
  readonly take: (message: Message) => T;
  /** Whether an error means that there is none. */
  readonly isMissing?: (result: Acknowledgement) => boolean;
}

const ENOENT = 2;
const MAX_SEQUENCE = 0xffff_ffff;

const CONTROL: GenericFamily = {
  id: CONTROL_FAMILY,
  name: "nlctrl",
  version: CONTROL_VERSION,
  headerBytes: 0,
  maxAttribute: 0,
  commands: [],
  groups: new Map(),
};

function write(
  { family, command, write: writeBody }: GenericRequest,
  { flags, sequence }: { flags: number; sequence: number },
): Uint8Array {
  const writer = new MessageWriter(MAX_REQUEST_BYTES);
  writer.begin(family.id, MessageFlag.request | flags, sequence);
  writeGenericHeader(writer, command, family.version);
  writeBody?.(writer);
  writer.end();
  return writer.finish();
}

function takeOf<T>({ family }: GenericRequest, take: GenericTake<T>): (message: Message) => T {
  return (message) => {
    const command = message.header(GENERIC_HEADER_BYTES, "genlmsghdr").u8();
    return take(message.attributes(GENERIC_HEADER_BYTES + family.headerBytes), command);
  };
}

function check(what: string, result: Acknowledgement | undefined): void {
  if (result === undefined || result.errno === 0) return;
  throw new NetlinkError(what, result.errno, { kernelMessage: result.extended?.message });
}

/** Undefined: the namespace of the calling thread. */
export function openGenericNetlink(options: { namespace?: NamespaceRef } = {}): GenericNetlink {
  const { namespace } = options;
  const protocol = NetlinkProtocol.generic;
  const socket = openSocket({ what: "generic netlink socket", protocol }, namespace);
  try {
    const what = "generic netlink socket for async use";
    return new GenericNetlink(socket, openSocket({ what, protocol }, namespace));
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}
