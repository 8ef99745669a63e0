import type { NamedPorts } from "../subject.ts";

/** What the pods of the cluster call their ports, where they agree. */
export class ClusterPorts {
  /** By `name/PROTOCOL`, how many identities give it which number. */
  readonly #numbers = new Map<string, Map<number, number>>();
  /** What names resolved to before they were touched, until the next `takeChanged`. */
  readonly #before = new Map<string, number | undefined>();

  /** Undefined where nobody has the name, and where two give it different numbers. */
  resolve(name: string): number | undefined {
    const numbers = this.#numbers.get(name);
    if (numbers?.size !== 1) return undefined;
    for (const number of numbers.keys()) return number;
    return undefined;
  }

  add(ports: NamedPorts | undefined): void {
    this.#count(ports, 1);
  }

  remove(ports: NamedPorts | undefined): void {
    this.#count(ports, -1);
  }

  /** The names that resolve otherwise than at the last call. */
  takeChanged(): Set<string> {
    const changed = new Set<string>();
    for (const [name, before] of this.#before) {
      if (this.resolve(name) !== before) changed.add(name);
    }
    this.#before.clear();
    return changed;
  }

  #count(ports: NamedPorts | undefined, by: number): void {
    for (const [name, number] of ports ?? []) {
      if (!this.#before.has(name)) this.#before.set(name, this.resolve(name));
      let numbers = this.#numbers.get(name);
      if (numbers === undefined) this.#numbers.set(name, (numbers = new Map()));
      const count = (numbers.get(number) ?? 0) + by;
      if (count > 0) numbers.set(number, count);
      else numbers.delete(number);
      if (numbers.size === 0) this.#numbers.delete(name);
    }
  }
}
