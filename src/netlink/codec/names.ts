import { ADDRESS_HEADER_BYTES, IFA } from "./address.ts";
import type { ExtendedAck } from "./message.ts";
import { IFLA, LINK_HEADER_BYTES } from "./link.ts";
import { NAMESPACE_ID_HEADER_BYTES, NETNSA } from "./namespace-id.ts";
import { NDA, NEIGHBOUR_HEADER_BYTES } from "./neighbour.ts";
import { ROUTE_HEADER_BYTES, RTA } from "./route.ts";
import { FRA, RULE_HEADER_BYTES } from "./rule.ts";
import { TCA, TRAFFIC_HEADER_BYTES } from "./traffic.ts";
import { aligned, ATTRIBUTE_HEADER_BYTES, MESSAGE_HEADER_BYTES } from "./wire.ts";

interface Names {
  readonly prefix: string;
  readonly types: Readonly<Record<string, number>>;
  readonly headerBytes: number;
}

/** By the type of message divided by four: each kind has four types in a row. */
const NAMES: ReadonlyMap<number, Names> = new Map([
  [4, { prefix: "IFLA_", types: IFLA, headerBytes: LINK_HEADER_BYTES }],
  [5, { prefix: "IFA_", types: IFA, headerBytes: ADDRESS_HEADER_BYTES }],
  [6, { prefix: "RTA_", types: RTA, headerBytes: ROUTE_HEADER_BYTES }],
  [7, { prefix: "NDA_", types: NDA, headerBytes: NEIGHBOUR_HEADER_BYTES }],
  [8, { prefix: "FRA_", types: FRA, headerBytes: RULE_HEADER_BYTES }],
  [9, { prefix: "TCA_", types: TCA, headerBytes: TRAFFIC_HEADER_BYTES }],
  [11, { prefix: "TCA_", types: TCA, headerBytes: TRAFFIC_HEADER_BYTES }],
  [22, { prefix: "NETNSA_", types: NETNSA, headerBytes: NAMESPACE_ID_HEADER_BYTES }],
]);

const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

/**
 * The attribute of a request that the kernel objects to, or misses: `IFLA_MTU`, and within others
 * `IFLA_LINKINFO/2/1`. Undefined where it does not say. `request` is one of our own messages.
 */
export function culprit(request: Uint8Array, extended: ExtendedAck): string | undefined {
  const { offset, missingType, missingNest } = extended;
  if (offset !== undefined) return pathTo(request, offset);
  if (missingType === undefined) return undefined;
  const around = missingNest === undefined ? undefined : pathTo(request, missingNest);
  return around === undefined
    ? nameOf(request, missingType)
    : `${around}/${missingType}, which is missing`;
}

function namesFor(request: Uint8Array): Names | undefined {
  const type = (request[4] ?? 0) | ((request[5] ?? 0) << 8);
  return NAMES.get(type >>> 2);
}

function nameOf(request: Uint8Array, type: number): string {
  const names = namesFor(request);
  const found = Object.entries(names?.types ?? {}).find(([, number]) => number === type);
  return found === undefined ? `${names?.prefix ?? ""}${type}` : `${names?.prefix}${found[0]}`;
}

function pathTo(request: Uint8Array, offset: number): string | undefined {
  const view = new DataView(request.buffer, request.byteOffset, request.byteLength);
  const names = namesFor(request);
  if (names === undefined) return undefined;
  const path: string[] = [];
  let at = MESSAGE_HEADER_BYTES + aligned(names.headerBytes);
  let end = request.length;
  while (end - at >= ATTRIBUTE_HEADER_BYTES) {
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true);
    if (length < ATTRIBUTE_HEADER_BYTES || length > end - at) break;
    if (offset < at || offset >= at + aligned(length)) {
      at += aligned(length);
      continue;
    }
    const number = type & TYPE_MASK;
    path.push(path.length === 0 ? nameOf(request, number) : String(number));
    if (offset < at + ATTRIBUTE_HEADER_BYTES || (type & NESTED) === 0) break;
    end = at + length;
    at += ATTRIBUTE_HEADER_BYTES;
  }
  return path.length === 0 ? undefined : path.join("/");
}
