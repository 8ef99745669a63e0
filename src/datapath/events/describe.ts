import {
  DropReason,
  Family,
  type FlowEvent,
  FlowEventKind,
  FlowState,
  ObservationPoint,
  Verdict,
} from "#abi";
import { IpAddress, MacAddress } from "#base";
import { reasonText } from "./reasons.ts";
import { hasPorts, summaryOf } from "./summary.ts";

/** What events have numbers for. */
export interface EventNames {
  /** When the machine started, in milliseconds since 1970: events count from there. */
  readonly startedAtMs: number;
  /** `namespace/pod`; by its address, or by its slot where that is not 0. */
  endpoint(address: IpAddress, slot: number): string | undefined;
  /** `host`, `world` and others that are the same in every cluster. */
  reservedIdentity(identity: number): string | undefined;
  /** Of the policies whose rules have this cookie. */
  policies(cookie: number): readonly string[];
  /** Of the policies by which what no rule allows is denied to a pod, or from it. */
  defaultDeny(slot: number, direction: Side): readonly string[];
}

type Side = "egress" | "ingress";

const NS_PER_MS = 1_000_000n;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const ETHERNET_ADDRESSES_BYTES = 12;
const MAC_BYTES = 6;
const SIDES: readonly Side[] = ["egress", "ingress"];

const POINT_NAMES: ReadonlyMap<number, string> = new Map([
  [ObservationPoint.toEndpoint, "to-endpoint"],
  [ObservationPoint.toProxy, "to-proxy"],
  [ObservationPoint.toStack, "to-stack"],
  [ObservationPoint.fromEndpoint, "from-endpoint"],
  [ObservationPoint.fromStack, "from-stack"],
]);

const VERDICT_NAMES: ReadonlyMap<number, string> = new Map([
  [Verdict.allowed, "ALLOWED"],
  [Verdict.redirected, "REDIRECTED"],
  [Verdict.denied, "DENIED"],
]);

/**
 * An event in one line, near to what `hubble observe` prints, with what was judged:
 *
 *     Jan  2 15:04:05.123: default/a:40000 (ID:1234) -> default/b:80 (ID:2345) to-endpoint
 *     FORWARDED (TCP Flags: SYN) egress ALLOWED BY default/web, ingress ALLOWED BY default/db
 */
export function describeEvent(event: FlowEvent, names: EventNames): string {
  const isReply = event.state === FlowState.stateReply;
  const [left, right] = isReply ? ([1, 0] as const) : ([0, 1] as const);
  const ends = `${describeEnd(event, left, names)} ${arrow(event)} ${describeEnd(event, right, names)}`;
  const judged = SIDES.flatMap((side, at) => describeJudgement(event, side, at, names));
  const words = [
    `${timeText(event, names)}:`,
    ends,
    whatHappened(event),
    event.family === Family.other ? "" : `(${summaryOf(event)})`,
    judged.join(", "),
  ];
  return words.filter((word) => word !== "").join(" ");
}

/** `Jan  2 15:04:05.123`, UTC. */
function timeText({ timeNs }: FlowEvent, { startedAtMs }: EventNames): string {
  const date = new Date(startedAtMs + Number(timeNs / NS_PER_MS));
  const day = String(date.getUTCDate()).padStart(2);
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 23)}`;
}

/** Which way the flow goes, where that is known. */
function arrow({ state }: FlowEvent): string {
  if (state === FlowState.stateUnknown) return "<>";
  return state === FlowState.stateReply ? "<-" : "->";
}

function describeEnd(event: FlowEvent, end: 0 | 1, names: EventNames): string {
  const identity = event.identity[end] ?? 0;
  return `${hostText(event, end, names)} (${names.reservedIdentity(identity) ?? `ID:${identity}`})`;
}

function hostText(event: FlowEvent, end: 0 | 1, names: EventNames): string {
  const slot = event.slot[end] ?? 0;
  const { bytes } = end === 0 ? event.source : event.destination;
  const address = IpAddress.fromBytes(bytes);
  const name = names.endpoint(address, slot);
  if (event.family === Family.other) return name ?? macText(event, end);
  const port = end === 0 ? event.sourcePort : event.destinationPort;
  if (!hasPorts(event.protocol) || port === 0) return name ?? address.toString();
  const host = name ?? (address.family === 6 ? `[${address.toString()}]` : address.toString());
  return `${host}:${port}`;
}

/** Ethernet has the destination first. */
function macText({ packet, captured }: FlowEvent, end: 0 | 1): string {
  if (captured < ETHERNET_ADDRESSES_BYTES) return "?";
  const at = end === 0 ? MAC_BYTES : 0;
  return MacAddress.fromBytes(packet.subarray(at, at + MAC_BYTES)).toString();
}

function whatHappened(event: FlowEvent): string {
  if (event.kind === FlowEventKind.eventDrop) return `${reasonText(event.reason)} DROPPED`;
  const point = POINT_NAMES.get(event.point) ?? String(event.point);
  const isAudited = event.verdict.some((verdict) => (verdict & Verdict.audited) !== 0);
  if (isAudited) return `${point} AUDIT`;
  return `${point} ${event.point === ObservationPoint.toProxy ? "REDIRECTED" : "FORWARDED"}`;
}

/** Nothing of a side that was not judged for this packet. */
function describeJudgement(
  { verdict: verdicts, cookie: cookies, slot: slots, reason }: FlowEvent,
  side: Side,
  at: number,
  names: EventNames,
): string[] {
  const verdict = verdicts[at] ?? Verdict.notJudged;
  if (verdict === Verdict.notJudged) return [];
  const isAudited = (verdict & Verdict.audited) !== 0;
  const plain = verdict & ~Verdict.audited;
  const word = isAudited ? "AUDITED" : (VERDICT_NAMES.get(plain) ?? `verdict ${plain}`);
  const isDefault = plain === Verdict.denied && reason === DropReason.dropPolicyDenied;
  const policies = isDefault
    ? names.defaultDeny(slots[at] ?? 0, side)
    : names.policies(cookies[at] ?? 0);
  return [`${side} ${word}${policies.length === 0 ? "" : ` BY ${policies.join(", ")}`}`];
}
