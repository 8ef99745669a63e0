/** Ports as map keys have them: a protocol and a prefix of port bits, packed into one number. */
import { PROTOCOL } from "../rule.ts";

const PORT_BITS = 16;
const PREFIX_SHIFT = PORT_BITS;
const PROTOCOL_SHIFT = PREFIX_SHIFT + 5;
const PORT_MAX = 0xffff;

export interface PortKey {
  /** 0 is any. */
  readonly protocol: number;
  readonly port: number;
  readonly portPrefix: number;
}

/** Every protocol and port. */
export const ANY_PORT = 0;

/** Fits the small integers that engines keep unboxed. */
export function packPort(protocol: number, port: number, portPrefix: number): number {
  return (
    (protocol << PROTOCOL_SHIFT) | (portPrefix << PREFIX_SHIFT) | (port & portMask(portPrefix))
  );
}

export function unpackPort(packed: number): PortKey {
  return {
    protocol: packed >>> PROTOCOL_SHIFT,
    port: packed & PORT_MAX,
    portPrefix: (packed >>> PREFIX_SHIFT) & 31,
  };
}

function portMask(portPrefix: number): number {
  return (PORT_MAX << (PORT_BITS - portPrefix)) & PORT_MAX;
}

/** Whether a key speaks of that protocol and port. */
export function coversPort(key: PortKey, protocol: number, port: number): boolean {
  if (key.protocol !== 0 && key.protocol !== protocol) return false;
  return (port & portMask(key.portPrefix)) === key.port;
}

/** The fewest keys that together are the ports from `first` to `last`. */
export function packRange(protocol: number, first: number, last: number): number[] {
  const keys: number[] = [];
  const end = Math.min(last, PORT_MAX);
  for (let port = Math.max(first, 0); port <= end; ) {
    // The largest block that begins here: as aligned as the port is, and inside the range.
    let bits = port === 0 ? PORT_BITS : Math.min(PORT_BITS, 31 - Math.clz32(port & -port));
    while (port + 2 ** bits - 1 > end) bits -= 1;
    keys.push(packPort(protocol, port, PORT_BITS - bits));
    port += 2 ** bits;
  }
  return keys;
}

/** As `NamedPorts` has it: `web/TCP`; undefined for protocols that have no named ports. */
export function portNameKey(name: string, protocol: number): string | undefined {
  if (protocol === PROTOCOL.tcp) return `${name}/TCP`;
  if (protocol === PROTOCOL.udp) return `${name}/UDP`;
  return protocol === PROTOCOL.sctp ? `${name}/SCTP` : undefined;
}
