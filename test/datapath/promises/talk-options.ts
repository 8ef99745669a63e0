/** What `testdata/talk.ts` is told and tells. */
import type { IpFamily } from "#base";
import { addressOf } from "../world/traffic.ts";
import type { Place } from "../world/world.ts";
import { pathOf } from "./child.ts";
import type { Transport } from "./sockets.ts";

interface EndOptions {
  /** The path of a namespace. */
  readonly namespace: string;
  readonly address: string;
}

/**
 * `ask`: a question, and its answer, one at a time. `stream`: as many bytes as go. `count`:
 * datagrams that nobody answers.
 */
export type TalkKind = "ask" | "stream" | "count";

export interface TalkOptions {
  readonly name: string;
  readonly kind: TalkKind;
  readonly transport: Transport;
  readonly client: EndOptions;
  readonly server: EndOptions;
  readonly port: number;
}

export interface TalkOutcome {
  readonly name: string;
  /** Messages, or bytes. */
  readonly sent: number;
  readonly received: number;
  /** The longest that nothing came although it was looked for all the time. */
  readonly worstGapMs: number;
  readonly errors: readonly string[];
}

interface AttemptOutcome {
  readonly datagrams: number;
  readonly connections: number;
  /** That came through, which none should. */
  readonly successes: number;
}

export interface TalkReport {
  readonly talks: readonly TalkOutcome[];
  readonly attempts?: AttemptOutcome;
}

export function endOptions(place: Place, family: IpFamily): EndOptions {
  return { namespace: pathOf(place.namespace), address: addressOf(place, family).key };
}
