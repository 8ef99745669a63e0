import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { type AttachableProgram, type Attacher, type Attachment, unpin } from "#ebpf";
import { isErrno } from "#sys";

/** What the host's side of a pod's cable meets. */
interface PodPrograms {
  readonly fromPod: AttachableProgram;
  readonly toPod: AttachableProgram;
}

const PIN_NAME = /^(\d+)-(?:from|to)$/;

/**
 * The programs at their slots. Links are pinned as `SLOT-from` and `SLOT-to`; where the kernel has
 * no links for tc, filters stay by themselves and an empty folder of that name remembers them.
 */
export class Slots implements Disposable {
  readonly #folder: string;
  readonly #attacher: Attacher;
  readonly #programs: PodPrograms;
  readonly #held = new Map<number, readonly Attachment[]>();

  constructor(folder: string, attacher: Attacher, programs: PodPrograms) {
    this.#folder = folder;
    this.#attacher = attacher;
    this.#programs = programs;
  }

  /** Puts these programs in the place of those that are there, and forgets devices that are gone. */
  takeOver(): void {
    for (const slot of this.#pinned()) {
      try {
        this.attach(slot);
      } catch (error) {
        if (!isErrno(error, "ENODEV")) throw error;
        this.detach(slot);
      }
    }
  }

  attach(slot: number): void {
    const before = this.#held.get(slot);
    const made: Attachment[] = [];
    try {
      for (const side of ["from", "to"] as const) made.push(this.#attachSide(slot, side));
    } catch (error) {
      // One side of a pod alone would let pass what the other is there to judge.
      if (before === undefined) for (const each of made) each.detach();
      throw error;
    }
    this.#held.set(slot, made);
    for (const each of before ?? []) each[Symbol.dispose]();
  }

  detach(slot: number): void {
    for (const each of this.#held.get(slot) ?? []) each.detach();
    this.#held.delete(slot);
    for (const side of ["from", "to"] as const) this.#forget(this.#pin(slot, side));
  }

  attached(): readonly number[] {
    return [...new Set([...this.#held.keys(), ...this.#pinned()])].toSorted((a, b) => a - b);
  }

  /** All of them, and the folder. */
  remove(): void {
    for (const slot of this.attached()) this.detach(slot);
    if (existsSync(this.#folder)) rmdirSync(this.#folder);
  }

  /** What is pinned stays. */
  [Symbol.dispose](): void {
    for (const attachments of this.#held.values())
      for (const each of attachments) each[Symbol.dispose]();
    this.#held.clear();
  }

  #attachSide(slot: number, side: "from" | "to"): Attachment {
    const pin = this.#pin(slot, side);
    const attachment = this.#attacher.tc({
      ifindex: slot,
      direction: side === "from" ? "ingress" : "egress",
      program: side === "from" ? this.#programs.fromPod : this.#programs.toPod,
      pin,
    });
    if (attachment.kind === "clsact") mkdirSync(pin, { recursive: true });
    return attachment;
  }

  #pin(slot: number, side: "from" | "to"): string {
    return join(this.#folder, `${slot}-${side}`);
  }

  #forget(pin: string): void {
    try {
      rmdirSync(pin);
    } catch (error) {
      if (!isNodeError(error, "ENOTDIR", "ENOENT")) throw error;
      unpin(pin);
    }
  }

  #pinned(): number[] {
    if (!existsSync(this.#folder)) return [];
    const slots = readdirSync(this.#folder).flatMap((name) => {
      const slot = PIN_NAME.exec(name)?.[1];
      return slot === undefined ? [] : [Number(slot)];
    });
    return [...new Set(slots)];
  }
}

function isNodeError(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
