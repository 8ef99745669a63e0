/** What queries say of how something is to be done, checked as a real server checks it. */
import type { Cause } from "../schema/types.ts";
import {
  forbiddenField,
  invalidOptions,
  invalidValue,
  noInteger,
  requiredValue,
  unsupportedValue,
} from "./errors.ts";

const MAX_MANAGER_BYTES = 128;
const VALIDATIONS = ["", "Ignore", "Strict", "Warn"];
const NOT_OLDER = "NotOlderThan";
const MATCHES = ["Exact", NOT_OLDER, ""];
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

export function dryRunCauses(given: readonly unknown[]): Cause[] {
  const isKnown = given.every((value) => value === "All");
  return isKnown ? [] : [unsupportedValue("dryRun", given, ["All"])];
}

function managerCauses(manager: string): Cause[] {
  const causes: Cause[] = [];
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) {
    const message = `Too long: may not be more than ${MAX_MANAGER_BYTES} bytes`;
    causes.push({ reason: "FieldValueTooLong", field: "fieldManager", message });
  }
  let position = 0;
  for (const character of manager) {
    if (!PRINTABLE.test(character)) causes.push(unprintable(manager, character, position));
    position += Buffer.byteLength(character);
  }
  return causes;
}

function unprintable(manager: string, character: string, position: number): Cause {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  const why = `invalid character U+${code} (at position ${position})`;
  return invalidValue("fieldManager", manager, why);
}

/** Throws for the options of a create or an update; of a patch, `isApply` says of which. */
export function checkWriteOptions(params: URLSearchParams, kind: string, isApply?: boolean): void {
  const manager = params.get("fieldManager") ?? "";
  const causes: Cause[] = [];
  if (isApply === false && params.has("force")) {
    causes.push(forbiddenField("force", "may not be specified for non-apply patch"));
  }
  if (isApply === true && manager === "") {
    causes.push(requiredValue("fieldManager", "is required for apply patch"));
  }
  const validation = params.get("fieldValidation") ?? "";
  causes.push(...managerCauses(manager), ...dryRunCauses(dryRunOf(params)));
  if (!VALIDATIONS.includes(validation)) {
    causes.push(unsupportedValue("fieldValidation", validation, VALIDATIONS));
  }
  if (causes.length > 0) throw invalidOptions(kind, causes);
}

export function dryRunOf(params: URLSearchParams): readonly string[] {
  return params.getAll("dryRun").filter((value) => value !== "");
}

/** Throws for options of a list or of a watch that contradict each other. */
export function checkListOptions(params: URLSearchParams, isWatch: boolean): void {
  const causes = isWatch ? watchCauses(params) : listCauses(params);
  if (causes.length > 0) throw invalidOptions("ListOptions", causes);
}

function matchForbidden(why: string): Cause {
  return forbiddenField("resourceVersionMatch", `resourceVersionMatch is forbidden ${why}`);
}

function listCauses(params: URLSearchParams): Cause[] {
  const match = params.get("resourceVersionMatch") ?? "";
  const version = params.get("resourceVersion") ?? "";
  const causes: Cause[] = [];
  if (match !== "") {
    if (version === "") causes.push(matchForbidden("unless resourceVersion is provided"));
    if ((params.get("continue") ?? "") !== "") {
      causes.push(matchForbidden("when continue is provided"));
    }
    if (!MATCHES.includes(match)) {
      causes.push(unsupportedValue("resourceVersionMatch", match, MATCHES));
    }
    if (match === "Exact" && version === "0") {
      const why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
      causes.push(forbiddenField("resourceVersionMatch", why));
    }
  }
  if (params.has("sendInitialEvents")) {
    causes.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  return causes;
}

function watchCauses(params: URLSearchParams): Cause[] {
  const match = params.get("resourceVersionMatch") ?? "";
  const wantsInitial = params.has("sendInitialEvents");
  const causes: Cause[] = [];
  if (wantsInitial && match !== NOT_OLDER) {
    const why = `sendInitialEvents requires setting resourceVersionMatch to ${NOT_OLDER}`;
    causes.push(forbiddenField("resourceVersionMatch", why));
  }
  if (match === "") return causes;
  if (!wantsInitial) {
    causes.push(matchForbidden("for watch unless sendInitialEvents is provided"));
  }
  if (match !== NOT_OLDER) {
    causes.push(unsupportedValue("resourceVersionMatch", match, [NOT_OLDER]));
  }
  if ((params.get("continue") ?? "") !== "") {
    causes.push(matchForbidden("when continue is provided"));
  }
  return causes;
}

export function integerParam(params: URLSearchParams, name: string): number | undefined {
  const text = params.get(name);
  if (text === null || text === "") return undefined;
  const value = Number(text);
  if (!/^[-+]?\d+$/.test(text) || !Number.isSafeInteger(value)) throw noInteger(text);
  return value;
}
