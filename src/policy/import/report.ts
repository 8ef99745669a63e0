/** Where an import says what it finds; an error among the findings refuses the whole object. */
import type { Finding } from "../rule.ts";

/** A policy in ruins is told by its first findings; the rest is counted. */
const MAX_FINDINGS = 200;

export class Report {
  readonly #findings: Finding[] = [];
  #dropped = 0;
  #hasErrors = false;

  get hasErrors(): boolean {
    return this.#hasErrors;
  }

  error(code: string, path: string, message: string): void {
    this.#hasErrors = true;
    this.#add({ severity: "error", code, path, message });
  }

  warning(code: string, path: string, message: string): void {
    this.#add({ severity: "warning", code, path, message });
  }

  /** What works here, and not in Cilium, or otherwise there. */
  note(code: string, path: string, message: string): void {
    this.#add({ severity: "note", code, path, message });
  }

  findings(): readonly Finding[] {
    if (this.#dropped === 0) return this.#findings;
    const last: Finding = {
      severity: this.#hasErrors ? "error" : "warning",
      code: "too-many-findings",
      path: "",
      message: `and ${this.#dropped} more; correct these first`,
    };
    return [...this.#findings, last];
  }

  #add(finding: Finding): void {
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
    else this.#dropped += 1;
  }
}
