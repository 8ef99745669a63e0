/** What the programs have counted, as differences. */
import { setTimeout as sleep } from "node:timers/promises";
import { type DatapathMaps, readTraffic } from "#datapath";

const POLL_MS = 5;
/** Longer than an acknowledgement is held back. */
const QUIET_POLLS = 12;

/** Packets since it was made: `forwarded`, or the number of the reason for which they were dropped. */
export class Traffic {
  readonly #maps: () => DatapathMaps;
  #before: ReadonlyMap<string, number>;

  /** The maps of a process give way to those of the next. */
  constructor(maps: () => DatapathMaps) {
    this.#maps = maps;
    this.#before = this.#read();
  }

  begin(): void {
    this.#before = this.#read();
  }

  counted(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const [what, packets] of this.#read()) {
      const more = packets - (this.#before.get(what) ?? 0);
      if (more > 0) counts[what] = more;
    }
    return counts;
  }

  /** Waits until all that is under way has come to its end. */
  async quiet(): Promise<Record<string, number>> {
    let last = JSON.stringify(this.counted());
    for (let polls = 0; polls < QUIET_POLLS; polls++) {
      await sleep(POLL_MS);
      const now = JSON.stringify(this.counted());
      if (now !== last) polls = 0;
      last = now;
    }
    return this.counted();
  }

  #read(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { reason, packets, direction } of readTraffic(this.#maps())) {
      const what = reason === 0 ? `forwarded ${direction}` : String(reason);
      counts.set(what, (counts.get(what) ?? 0) + Number(packets));
    }
    return counts;
  }
}
