/** The same difference with as few steps, and in changes as few writes, as still show one. */
import { type Difference, differenceOf, type Sides } from "./compare.ts";
import type { Case, ChangeStep, Step } from "./step.ts";

const MAX_TRIES = 1_500;

export function smallest(sides: Sides, found: Difference): Difference {
  const search = new Search(sides, found);
  search.dropSteps();
  search.dropWrites();
  search.dropSteps();
  return search.best;
}

class Search {
  best: Difference;
  readonly #sides: Sides;
  #tries = 0;

  constructor(sides: Sides, found: Difference) {
    this.#sides = sides;
    this.best = found;
    // Where it shows first if tables are compared after each packet.
    this.#try(found.of, 1);
  }

  dropSteps(): void {
    for (let size = this.best.of.steps.length >> 1; size >= 1; size = size >> 1) {
      let end = this.best.of.steps.length;
      while (end > 0) {
        const start = Math.max(0, end - size);
        const { steps } = this.best.of;
        const rest = [...steps.slice(0, start), ...steps.slice(end)];
        const count = steps.length;
        this.#try({ ...this.best.of, steps: rest }, Infinity);
        // What was behind the difference is gone, too.
        end = Math.min(start, this.best.of.steps.length);
        if (count === this.best.of.steps.length) end = start;
      }
    }
  }

  dropWrites(): void {
    for (const [at, step] of this.best.of.steps.entries()) {
      if (step.kind === "change") this.#dropWritesOf(at, step);
    }
  }

  #dropWritesOf(at: number, step: ChangeStep): void {
    let { writes } = step;
    for (let size = writes.length >> 1; size >= 1; size = size >> 1) {
      for (let end = writes.length; end > 0; end -= size) {
        const start = Math.max(0, end - size);
        const rest = [...writes.slice(0, start), ...writes.slice(end)];
        const steps: Step[] = [...this.best.of.steps];
        steps[at] = { ...step, writes: rest };
        if (this.#try({ ...this.best.of, steps }, Infinity)) writes = rest;
      }
    }
  }

  #try(candidate: Case, every: number): boolean {
    this.#tries += 1;
    if (this.#tries > MAX_TRIES) return false;
    const again = differenceOf(this.#sides, candidate, every);
    if (again === undefined) return false;
    const steps = candidate.steps.slice(0, again.at + 1);
    this.best = { ...again, of: { ...candidate, steps } };
    return true;
  }
}
