import type { NamedPorts } from "../subject.ts";

/** Who looks at which of the names that peers give their ports, by `name/PROTOCOL`. */
export class PortUsers<User> {
  readonly #users = new Map<string, Set<User>>();

  add(name: string, user: User): void {
    const users = this.#users.get(name);
    if (users === undefined) this.#users.set(name, new Set([user]));
    else users.add(user);
  }

  remove(name: string, user: User): void {
    const users = this.#users.get(name);
    users?.delete(user);
    if (users?.size === 0) this.#users.delete(name);
  }

  of(ports: NamedPorts | undefined): Set<User> {
    const found = new Set<User>();
    for (const name of ports?.keys() ?? []) {
      for (const user of this.#users.get(name) ?? []) found.add(user);
    }
    return found;
  }
}
