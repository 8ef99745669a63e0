import { AppError } from "#base";

/** What is wrong with a selector, by code. */
export type SelectorFault =
  | "selector-key"
  | "selector-value"
  | "selector-operator"
  | "selector-values"
  | "selector-size";

/** A selector that cannot be: `path` is the field inside it, `matchExpressions[0].values`. */
export class SelectorError extends AppError {
  override readonly name: string = "SelectorError";
  readonly path: string;
  /** What is wrong, without the path. */
  readonly detail: string;

  constructor(fault: SelectorFault, path: string, detail: string) {
    super(fault, path === "" ? detail : `${path}: ${detail}`, { fields: { path } });
    this.path = path;
    this.detail = detail;
  }
}
