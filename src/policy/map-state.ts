/** What the kernel is given for one subject: entries, the shapes that occur in them, flags. */
import type { Direction, RuleRef } from "./rule.ts";

/** 0 is any, for identity and for protocol; a port prefix of length 0 is any port. */
export interface EntryKey {
  readonly direction: Direction;
  readonly identity: number;
  readonly protocol: number;
  /** In host order, bits beyond the prefix zero. */
  readonly port: number;
  readonly portPrefix: number;
}

export type ListenerKind = "http" | "dns" | "kafka" | "generic" | "tls" | "listener";

/** What rules say of a key, and no more: precedence between keys is for judging to fold. */
export interface EntryValue {
  readonly effect: "deny" | "redirect" | "allow" | "none";
  /** Policies in audit mode would deny here. */
  readonly isAuditDeny: boolean;
  /** Passes only because policies in audit mode do not enforce their default deny. */
  readonly isAuditAllow: boolean;
  readonly listener?: ListenerKind;
  /** The redirect's; 1 is the highest. */
  readonly listenerPriority?: number;
  /** Undefined where no rule of the key says anything about it. */
  readonly authentication?: "disabled" | "required" | "test-always-fail";
  /** Names the rules that gave the entry; `CookieTable.resolve` tells which. */
  readonly cookie: number;
}

export interface Entry {
  readonly key: EntryKey;
  readonly value: EntryValue;
}

/** Which keys occur: judging probes each shape of a direction, once for each identity of a peer. */
export interface Shape {
  readonly isAnyIdentity: boolean;
  readonly isAnyProtocol: boolean;
  readonly portPrefix: number;
}

/** Where an entry comes from. */
export interface Origin {
  readonly deniedBy: readonly RuleRef[];
  readonly allowedBy: readonly RuleRef[];
  readonly auditedBy: readonly RuleRef[];
  /** Entries that no policy asked for. */
  readonly synthetic?: "allow-localhost-ingress" | "allow-any-ingress" | "allow-any-egress";
}
