/** What is wrong with an object, and where. */
import { type Path, pathText } from "./path.ts";

/** An object in ruins is told by its first findings; the rest is counted. */
export const MAX_FINDINGS = 1_000;

export type ObjectFindingCode =
  | "unknown-field"
  | "unknown-kind"
  | "unknown-version"
  | "wrong-type"
  | "missing-field"
  | "bad-value"
  | "too-many-items"
  | "too-few-items"
  | "too-many-findings";

export interface ObjectFinding {
  readonly severity: "error" | "warning";
  readonly code: ObjectFindingCode;
  /** `spec.ingress[0].toPorts[0]`; empty for the object itself. */
  readonly path: string;
  /** Without the path. */
  readonly message: string;
}

/** Gathers findings up to the limit. Messages beyond it are not even made. */
export class FindingList {
  readonly #items: ObjectFinding[] = [];
  #omitted = 0;
  #hasErrors = false;

  get hasErrors(): boolean {
    return this.#hasErrors;
  }

  error(code: ObjectFindingCode, path: Path, message: () => string): void {
    this.#hasErrors = true;
    this.#add("error", code, path, message);
  }

  warning(code: ObjectFindingCode, path: Path, message: () => string): void {
    this.#add("warning", code, path, message);
  }

  /** All of them; the last one may tell how many are left out. */
  toArray(): readonly ObjectFinding[] {
    if (this.#omitted === 0) return this.#items;
    const severity = this.#hasErrors ? "error" : "warning";
    const message = `${this.#omitted} more findings are left out`;
    return [...this.#items, { severity, code: "too-many-findings", path: "", message }];
  }

  #add(
    severity: ObjectFinding["severity"],
    code: ObjectFindingCode,
    path: Path,
    message: () => string,
  ): void {
    // One place is kept for the line that counts the rest.
    if (this.#items.length >= MAX_FINDINGS - 1) this.#omitted++;
    else this.#items.push({ severity, code, path: pathText(path), message: message() });
  }
}
