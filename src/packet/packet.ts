import { NO_BYTES } from "./draft.ts";
import type { Ethernet } from "./ethernet.ts";
import type { Icmpv4 } from "./icmpv4.ts";
import type { Icmpv6 } from "./icmpv6.ts";
import type { Ipv4 } from "./ipv4.ts";
import type { Ipv6 } from "./ipv6.ts";
import type { Layer, LayerKind, LayerOf, Ports } from "./layers.ts";
import type { Sctp } from "./sctp.ts";
import type { Tcp } from "./tcp.ts";
import type { Udp } from "./udp.ts";

export type IpLayer = Ipv4 | Ipv6;
export type TransportLayer = Tcp | Udp | Sctp | Icmpv4 | Icmpv6 | Ports;

const TRANSPORTS: ReadonlySet<string> = new Set<TransportLayer["kind"]>([
  "tcp",
  "udp",
  "sctp",
  "icmpv4",
  "icmpv6",
  "ports",
]);

/**
 * A decoded packet: its layers from the outside in, as a flat list. The getters answer of what
 * is outside the first tunnel; `inner` is what is in it.
 */
export class Packet {
  /** All of what was decoded. The layers borrow from it: it must not change. */
  readonly bytes: Uint8Array;
  readonly layers: readonly Layer[];
  /** Where each layer begins in `bytes`. */
  readonly offsets: readonly number[];

  constructor(bytes: Uint8Array, layers: readonly Layer[], offsets: readonly number[]) {
    this.bytes = bytes;
    this.layers = layers;
    this.offsets = offsets;
  }

  /** The outermost layer of this kind, tunnels or not. */
  layer<Kind extends LayerKind>(kind: Kind): LayerOf<Kind> | undefined {
    return this.layers.find((layer): layer is LayerOf<Kind> => layer.kind === kind);
  }

  get ethernet(): Ethernet | undefined {
    const [first] = this.layers;
    return first?.kind === "ethernet" ? first : undefined;
  }

  get ip(): IpLayer | undefined {
    return this.outer.find(isIp);
  }

  get transport(): TransportLayer | undefined {
    return this.outer.find(isTransport);
  }

  /** What the innermost layer carries; empty if nothing. */
  get payload(): Uint8Array {
    return this.layer("payload")?.bytes ?? NO_BYTES;
  }

  /** The layers outside of the first tunnel: all of them, if there is none. */
  get outer(): readonly Layer[] {
    return this.layers.slice(0, this.#innerAt());
  }

  /** What a VXLAN or IP-in-IP tunnel carries. */
  get inner(): Packet | undefined {
    const at = this.#innerAt();
    if (at === this.layers.length) return undefined;
    return new Packet(this.bytes, this.layers.slice(at), this.offsets.slice(at));
  }

  /** The index of the first layer in the tunnel; that of the end, if there is none. */
  #innerAt(): number {
    let hasIp = false;
    for (const [index, layer] of this.layers.entries()) {
      const isAgain = hasIp && (layer.kind === "ethernet" || isIp(layer));
      if (isAgain) return index;
      hasIp ||= isIp(layer);
    }
    return this.layers.length;
  }
}

function isIp(layer: Layer): layer is IpLayer {
  return layer.kind === "ipv4" || layer.kind === "ipv6";
}

function isTransport(layer: Layer): layer is TransportLayer {
  return TRANSPORTS.has(layer.kind);
}
