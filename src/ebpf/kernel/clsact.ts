import { isErrno } from "#sys";
import type { FilterKey, Netlink } from "#netlink";
import type { AttachableProgram, Attachment, TcOptions } from "../attach-types.ts";

// Before Linux 6.6 there are no links for tc: a program is a filter of the device's clsact qdisc.
// A filter is no object one could pin; it stays until it is deleted, so "pinned" means: not deleted.

/** Ours among the filters of a device: those of others come before or after. */
const PRIORITY = 1;
const FIRST_HANDLE = 1;
const MAX_HANDLES = 1024;

export class ClsactAttachment implements Attachment {
  readonly kind = "clsact";
  readonly place: string;
  readonly #netlink: Netlink;
  readonly #key: FilterKey;
  readonly #isPinned: boolean;
  #isOpen = true;

  private constructor(netlink: Netlink, key: FilterKey, place: string, isPinned: boolean) {
    this.#netlink = netlink;
    this.#key = key;
    this.place = place;
    this.#isPinned = isPinned;
  }

  static attach(netlink: Netlink, options: TcOptions, place: string): ClsactAttachment {
    const { ifindex: link, direction: hook, program, pin } = options;
    ensureClsact(netlink, link);
    const name = filterName(program, pin);
    const filters = netlink.filters
      .list({ link, hook })
      .filter((each) => each.priority === PRIORITY);
    const ours =
      pin === undefined
        ? undefined
        : filters.find((each) => each.bpf?.name.startsWith(pinMark(pin)));
    const handle = ours?.handle ?? freeHandle(new Set(filters.map((each) => each.handle)));
    const key: FilterKey = { link, hook, priority: PRIORITY, handle };
    netlink.filters.replace({ ...key, programFd: program.fd, name });
    return new ClsactAttachment(netlink, key, place, pin !== undefined);
  }

  replace(program: AttachableProgram): void {
    const name = this.#current()?.bpf?.name ?? program.name;
    this.#netlink.filters.replace({ ...this.#key, programFd: program.fd, name });
  }

  isAttached(): boolean {
    return this.#isOpen && this.#current() !== undefined;
  }

  detach(): void {
    if (this.#isOpen) this.#delete();
    this.#close();
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    if (!this.#isPinned) this.#delete();
    this.#close();
  }

  #close(): void {
    if (this.#isOpen) this.#netlink[Symbol.dispose]();
    this.#isOpen = false;
  }

  #delete(): void {
    try {
      this.#netlink.filters.delete(this.#key);
    } catch (error) {
      if (!isErrno(error, "ENOENT", "ENODEV", "EINVAL")) throw error;
    }
  }

  #current(): ReturnType<Netlink["filters"]["list"]>[number] | undefined {
    const { link, hook, handle } = this.#key;
    try {
      const filters = this.#netlink.filters.list({ link, hook });
      return filters.find((each) => each.priority === PRIORITY && each.handle === handle);
    } catch (error) {
      if (isErrno(error, "ENODEV", "EINVAL", "ENOENT")) return undefined;
      throw error;
    }
  }
}

function ensureClsact(netlink: Netlink, link: number): void {
  try {
    netlink.qdiscs.add({ link, kind: "clsact" });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  }
}

function freeHandle(taken: ReadonlySet<number>): number {
  let handle = FIRST_HANDLE;
  while (taken.has(handle) && handle < MAX_HANDLES) handle += 1;
  return handle;
}

/** The pin's path stands in the filter's name, so that the next process knows its own. */
function pinMark(pin: string): string {
  return `ciliate:${pin}:`;
}

function filterName(program: AttachableProgram, pin: string | undefined): string {
  return pin === undefined ? program.name : pinMark(pin) + program.name;
}
