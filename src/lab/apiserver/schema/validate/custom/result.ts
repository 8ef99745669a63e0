import type { Cause, Json } from "../../types.ts";

/** More causes help nobody, and objects from outside can be wrong in any number of places. */
const MAX_CAUSES = 100;

/** What stands for the place of a cause that has none. */
const NOWHERE = "<nil>";

/** A cause before it is known what the value is a part of. */
interface Finding {
  readonly reason: string;
  /** From the value that was checked; undefined where a form of the value is what is wrong. */
  readonly path: string | undefined;
  readonly message: string;
}

/**
 * What a check found. `matches` counts what was right, more or less: of several forms that a value
 * may have, the one that it is nearest to is told of.
 */
export class Result {
  readonly findings: Finding[] = [];
  matches = 0;

  get isValid(): boolean {
    return this.findings.length === 0;
  }

  merge(other: Result): this {
    for (const finding of other.findings) this.#add(finding);
    this.matches += other.matches;
    return this;
  }

  counted(): this {
    this.matches += 1;
    return this;
  }

  required(path: string): void {
    this.#add({ reason: "FieldValueRequired", path, message: "Required value" });
  }

  invalid(path: string, value: Json, words: string): void {
    const message = `Invalid value: ${JSON.stringify(value)}: ${path} in body ${words}`;
    this.#add({ reason: "FieldValueInvalid", path, message });
  }

  wrongType(path: string, value: string, words: string): void {
    const shown = JSON.stringify(value);
    const message = `Invalid value: ${shown}: ${path} in body must be of type ${words}: ${shown}`;
    this.#add({ reason: "FieldValueTypeInvalid", path, message });
  }

  unsupported(path: string, value: Json, supported: readonly Json[]): void {
    const words = supported.map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
    const list = words.map((each) => JSON.stringify(each)).join(", ");
    const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
    this.#add({ reason: "FieldValueNotSupported", path, message });
  }

  tooLong(path: string, most: number): void {
    const bytes = most === 1 ? "byte" : "bytes";
    const message = `Too long: may not be more than ${most} ${bytes}`;
    this.#add({ reason: "FieldValueTooLong", path, message });
  }

  tooMany(path: string, count: number, most: number): void {
    const items = most === 1 ? "item" : "items";
    const message = `Too many: ${count}: must have at most ${most} ${items}`;
    this.#add({ reason: "FieldValueTooMany", path, message });
  }

  /** Of a value as a whole: the words say where. */
  form(words: string): void {
    const message = `Invalid value: "": ${words}`;
    this.#add({ reason: "FieldValueInvalid", path: undefined, message });
  }

  /** The same is told once: values are looked at by several forms. */
  #add(finding: Finding): void {
    if (this.findings.length >= MAX_CAUSES) return;
    const isKnown = this.findings.some(
      ({ path, message }) => path === finding.path && message === finding.message,
    );
    if (!isKnown) this.findings.push(finding);
  }

  /** With the place of the value, where it is not the object itself. */
  causes(place: string | undefined): Cause[] {
    return this.findings.map(({ reason, path, message }) => ({
      reason,
      message,
      field: fieldAt(place, path),
    }));
  }
}

function fieldAt(place: string | undefined, path: string | undefined): string {
  const inside = path?.replace(/^\./, "") ?? "";
  if (inside === "") return place ?? NOWHERE;
  return place === undefined ? inside : `${place}.${inside}`;
}
