/** One write on its way: what it took that has to be given back if it fails. */
import type { ApiContext } from "./context.ts";
import { timestamp } from "./context.ts";
import type { User } from "./authentication.ts";
import type { FieldValidation } from "../schema/types.ts";

interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly user: User;
}

export class Write {
  readonly options: WriteOptions;
  /** Now, for all timestamps of this write. */
  readonly now: string;
  readonly #warnings = new Set<string>();
  readonly #onWarning: ((warning: string) => void) | undefined;
  /** Fields that the body has twice. */
  duplicates: readonly string[] = [];
  #undos: (() => void)[] = [];
  #releases: (() => void)[] = [];

  /** `onWarning` is called at once: who is refused is warned too. */
  constructor(context: ApiContext, options: WriteOptions, onWarning?: (warning: string) => void) {
    this.options = options;
    this.#onWarning = onWarning;
    this.now = timestamp(context.clock);
  }

  /** Runs unless the write succeeds: for what was taken. */
  onFailure(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** Runs when the write has succeeded: for what is free from then on. */
  onSuccess(release: () => void): void {
    this.#releases.push(release);
  }

  /** For `Warning:` headers, each once. */
  warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (this.#warnings.has(warning)) continue;
      this.#warnings.add(warning);
      this.#onWarning?.(warning);
    }
  }

  /** A dry run ends as a failure does: nothing stays taken. */
  finish(isWritten: boolean): void {
    const todo = isWritten ? this.#releases : this.#undos.toReversed();
    this.#undos = [];
    this.#releases = [];
    for (const run of todo) run();
  }
}
