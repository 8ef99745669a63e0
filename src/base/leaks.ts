/**
 * A ledger of what is open: file descriptors, links, pins, namespaces. Owners enter what they
 * open and strike it out when they close it. It costs one test of a variable unless switched on,
 * as every test run does, which then fails on what is left and says where it was opened.
 */
export interface OpenResource {
  kind: string;
  what: string;
  /** The stack at the moment of opening. */
  openedAt: string;
}

class Ledger {
  #open: Map<number, OpenResource> | undefined;
  #next = 1;

  /** Starts keeping stacks. What was opened before is not known to it. */
  enable(): void {
    this.#open ??= new Map();
  }

  /** Answers the token to strike it out by; 0 while the ledger is off. */
  opened(kind: string, what: string): number {
    if (this.#open === undefined) return 0;
    const token = this.#next++;
    const stack = new Error("opened").stack ?? "";
    this.#open.set(token, { kind, what, openedAt: stack.split("\n").slice(2).join("\n") });
    return token;
  }

  closed(token: number): void {
    if (token !== 0) this.#open?.delete(token);
  }

  open(): OpenResource[] {
    return [...(this.#open?.values() ?? [])];
  }
}

/** The one ledger of this process: a debugging aid, empty in production. */
export const openResources: Ledger = new Ledger();
