/** What a core answers: the writes that bring the cluster nearer to what is wanted, in order. */
import type { ApiObject } from "../model/object.ts";
import type { DeleteSettings, ObjectRef, Resource } from "./api.ts";

export interface EventText {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  /** `{name}` stands for the name of the object written, `{error}` for why it failed. */
  readonly message: string;
  /** What was being done; those who say it write events of the newer form. */
  readonly action?: string;
}

/** Events about an owner, for how a write went. */
export interface Note {
  readonly about: ApiObject;
  readonly done?: EventText;
  readonly failed?: EventText;
}

export type Operation =
  | {
      readonly verb: "create" | "update" | "updateStatus";
      readonly resource: Resource;
      readonly object: ApiObject;
      readonly note?: Note;
    }
  | {
      readonly verb: "delete";
      readonly resource: Resource;
      readonly target: ApiObject;
      readonly settings?: DeleteSettings;
      readonly note?: Note;
    }
  | {
      readonly verb: "patch";
      readonly resource: Resource;
      readonly target: ObjectRef;
      readonly patch: unknown;
      readonly subresource?: string;
      readonly note?: Note;
    }
  | {
      readonly verb: "send";
      readonly method: "POST" | "PUT";
      readonly resource: Resource;
      readonly target: ObjectRef;
      readonly subresource: string;
      readonly body: unknown;
      /** The target as this leaves it, for the cache: the answer does not show it. */
      readonly leaves?: ApiObject;
      readonly note?: Note;
    }
  | { readonly verb: "event"; readonly about: ApiObject; readonly event: EventText };

export interface Plan {
  readonly operations: readonly Operation[];
  /** When to look again though nothing changes. */
  readonly againInMs?: number;
}

export const NOTHING_TO_DO: Plan = { operations: [] };

export function normal(reason: string, message: string): EventText {
  return { type: "Normal", reason, message };
}

export function warning(reason: string, message: string): EventText {
  return { type: "Warning", reason, message };
}

/** The sooner of two times of which either may be none. */
export function sooner(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined) return other;
  return other === undefined ? one : Math.min(one, other);
}
