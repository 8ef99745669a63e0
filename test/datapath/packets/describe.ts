import { DropReason, FlowFlag, type FlowEvent, FlowState, ObservationPoint, Verdict } from "#abi";
import { IpAddress } from "#base";
import { IpProtocol } from "#packet";
import type { Outcome } from "../rig.ts";
import type { KeyedFlow } from "../state.ts";

// Outcomes in a line of text each, which is what cases compare.

const hyphened = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function namesOf(values: Readonly<Record<string, number>>, prefix = ""): Map<number, string> {
  return new Map(
    Object.entries(values).map(([name, value]) => [value, hyphened(name).slice(prefix.length)]),
  );
}

const REASONS = namesOf(DropReason, "drop-");
const POINTS = namesOf(ObservationPoint);
const STATES = namesOf(FlowState, "state-");
const VERDICTS = new Map([...namesOf(Verdict), [Verdict.notJudged, "-"]]);
const PROTOCOLS: ReadonlyMap<number, string> = new Map(
  Object.entries(IpProtocol).map(([name, value]) => [value, name]),
);
const MAX_VERDICT = 0x7f;
const ACTIONS = new Map([
  [-1, "continue"],
  [2, "ignore"],
  [7, "redirect"],
]);

/** `continue`, `redirect`, `ignore`, or `drop` with the reason. */
export function verdictText({ action, events }: Outcome): string {
  const drop = events.find(({ reason }) => reason !== 0);
  const name = ACTIONS.get(action) ?? `action ${action}`;
  if (drop === undefined) return name;
  return `${name === "ignore" ? "drop" : `${name} and drop`} ${REASONS.get(drop.reason)}`;
}

/** `to-endpoint new 1001@11 > 1002@12 allowed/allowed` */
export function eventText(event: FlowEvent): string {
  const [source, destination] = event.identity.map((each, at) => `${each}@${event.slot[at]}`);
  const verdicts = event.verdict.map(judgementText).join("/");
  const state = STATES.get(event.state) ?? `state ${event.state}`;
  return `${POINTS.get(event.point)} ${state} ${source} > ${destination} ${verdicts}`;
}

/** With a star where it was audited. */
function judgementText(verdict: number): string {
  const name = VERDICTS.get(verdict & MAX_VERDICT) ?? String(verdict);
  return verdict & Verdict.audited ? `${name}*` : name;
}

/** `tcp a:1000 > b:80 reply closed-by-initiator`: who began comes first. */
export function flowText({ key, flow }: KeyedFlow, nameOf: (address: string) => string): string {
  const end = (bytes: Uint8Array, port: number): string =>
    `${nameOf(IpAddress.fromBytes(bytes).key)}:${port}`;
  const low = end(key.low.bytes, key.lowPort);
  const high = end(key.high.bytes, key.highPort);
  const isHigh = flow.flags & FlowFlag.flowInitiatorIsHigh;
  const parts = [
    PROTOCOLS.get(key.protocol) ?? String(key.protocol),
    isHigh ? `${high} > ${low}` : `${low} > ${high}`,
    ...(flow.flags & FlowFlag.flowReplySeen ? ["reply"] : []),
    ...(flow.flags & FlowFlag.flowClosedByInitiator ? ["closed-by-initiator"] : []),
    ...(flow.flags & FlowFlag.flowClosedByResponder ? ["closed-by-responder"] : []),
  ];
  return parts.join(" ");
}
