import { getOwn, isObject } from "../node.ts";
import type { Cause, Json } from "../types.ts";

/** More causes help nobody, and objects from outside can be wrong in any number of places. */
const MAX_CAUSES = 100;

/**
 * A value with its place in the object, for validators: they go down by keys, and tell what is
 * wrong in the API server's words.
 */
export class View {
  readonly value: Json | undefined;
  readonly path: string;
  readonly causes: Cause[];

  constructor(value: Json | undefined, path: string, causes: Cause[]) {
    this.value = value;
    this.path = path;
    this.causes = causes;
  }

  at(...keys: readonly string[]): View {
    let [value, path] = [this.value, this.path];
    for (const key of keys) {
      value = isObject(value) ? getOwn(value, key) : undefined;
      path = path === "" ? key : `${path}.${key}`;
    }
    return new View(value, path, this.causes);
  }

  /** As `data[key]`, which is how maps are told of. */
  key(key: string): View {
    const value = isObject(this.value) ? getOwn(this.value, key) : undefined;
    return new View(value, `${this.path}[${key}]`, this.causes);
  }

  /** The same value, told of at another place. */
  as(path: string): View {
    return new View(this.value, path, this.causes);
  }

  items(): View[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map((each, index) => {
      return new View(each, `${this.path}[${index}]`, this.causes);
    });
  }

  entries(): [string, Json][] {
    return isObject(this.value) ? Object.entries(this.value) : [];
  }

  get isThere(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** "" where it is no text. */
  get text(): string {
    return typeof this.value === "string" ? this.value : "";
  }

  /** 0 where it is no number. */
  get number(): number {
    return typeof this.value === "number" ? this.value : 0;
  }

  required(detail = ""): void {
    this.#tell("FieldValueRequired", "Required value", detail);
  }

  invalid(detail: string, value: Json | undefined = this.value): void {
    this.#tell("FieldValueInvalid", `Invalid value: ${shown(value)}`, detail);
  }

  /** The same without the value: it would say nothing, or too much. */
  invalidWhole(detail: string): void {
    this.#tell("FieldValueInvalid", "Invalid value", detail);
  }

  /** Of the value, all the messages that a check of a text has. */
  invalids(details: readonly string[], value: Json | undefined = this.value): void {
    for (const detail of details) this.invalid(detail, value);
  }

  unsupported(supported: readonly string[], value: Json | undefined = this.value): void {
    const list = supported.map((each) => JSON.stringify(each)).join(", ");
    const detail = `supported values: ${list}`;
    this.#tell("FieldValueNotSupported", `Unsupported value: ${shown(value)}`, detail);
  }

  duplicate(value: Json | undefined = this.value, detail = ""): void {
    this.#tell("FieldValueDuplicate", `Duplicate value: ${shown(value)}`, detail);
  }

  forbidden(detail: string): void {
    this.#tell("FieldValueForbidden", "Forbidden", detail);
  }

  notFound(value: Json = this.text, detail = ""): void {
    this.#tell("FieldValueNotFound", `Not found: ${shown(value)}`, detail);
  }

  internal(detail: string): void {
    this.#tell("InternalError", "Internal error", detail);
  }

  wrongType(detail: string, value: Json | undefined = this.value): void {
    this.#tell("FieldValueTypeInvalid", `Invalid value: ${shown(value)}`, detail);
  }

  tooLong(most: number): void {
    this.#tell("FieldValueTooLong", "Too long", `may not be more than ${most} bytes`);
  }

  tooMany(count: number, most: number): void {
    const items = most === 1 ? "item" : "items";
    this.#tell("FieldValueTooMany", `Too many: ${count}`, `must have at most ${most} ${items}`);
  }

  /** "" and what is not there are required, others must be among the words. */
  oneOf(words: readonly string[]): void {
    if (this.text === "") this.required();
    else if (!words.includes(this.text)) this.unsupported(words);
  }

  /** "" is required. */
  needText(): void {
    if (this.text === "") this.required();
  }

  notNegative(): void {
    if (this.number < 0) this.invalid("must be greater than or equal to 0");
  }

  /** Names that occur twice among the views are told of at the later one. */
  static unique(views: readonly View[]): void {
    const seen = new Set<string>();
    for (const view of views) {
      if (view.text !== "" && seen.has(view.text)) view.duplicate();
      seen.add(view.text);
    }
  }

  #tell(reason: string, message: string, detail: string): void {
    if (this.causes.length >= MAX_CAUSES) return;
    const whole = detail === "" ? message : `${message}: ${detail}`;
    this.causes.push({ reason, message: whole, field: this.path });
  }
}

/** As the API server shows values: texts in quotes, others as JSON. */
function shown(value: Json | undefined): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
