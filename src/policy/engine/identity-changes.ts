/** Identities that come and go: which directions of which subjects that concerns, and how. */
import type { PeerIdentity } from "../subject.ts";
import type { ClusterPorts } from "./cluster-ports.ts";
import type { TemplateEdit } from "./delta.ts";
import type { DirectionState, EngineTables } from "./direction-state.ts";
import { equalTemplates, Template } from "./template.ts";

/**
 * What one commit does to identities. States are changed as they are told; edits say what an
 * identity had before the first and has after the last of them, so that an identity whose labels
 * change is never without its entries in between.
 */
export class IdentityChanges {
  readonly #tables: EngineTables;
  readonly #clusterPorts: ClusterPorts;
  readonly #edits = new Map<DirectionState, Map<number, { before: Template; after: Template }>>();

  constructor(tables: EngineTables, clusterPorts: ClusterPorts) {
    this.#tables = tables;
    this.#clusterPorts = clusterPorts;
  }

  get isEmpty(): boolean {
    return this.#edits.size === 0;
  }

  remove(identity: PeerIdentity): void {
    const { identities, selectors, portUsers } = this.#tables;
    const slot = identities.slotOf(identity.id);
    if (slot === undefined) return;
    const users = new Set<DirectionState>();
    for (const cached of selectors.match(identity)) {
      cached.slots.delete(slot);
      for (const user of cached.users) users.add(user);
    }
    for (const user of portUsers.of(identity.namedPorts)) users.add(user);
    for (const user of users) this.#record(user, identity.id, user.clear(slot), Template.empty);
    identities.remove(identity.id);
    this.#clusterPorts.remove(identity.namedPorts);
  }

  add(identity: PeerIdentity): void {
    const { identities, selectors, portUsers } = this.#tables;
    const slot = identities.add(identity);
    this.#clusterPorts.add(identity.namedPorts);
    const ordinals = new Map<DirectionState, number[]>();
    for (const user of portUsers.of(identity.namedPorts)) ordinals.set(user, []);
    for (const cached of selectors.match(identity)) {
      cached.slots.add(slot);
      for (const user of cached.users) {
        const known = ordinals.get(user);
        if (known === undefined) ordinals.set(user, [user.ordinalOf(cached)]);
        else known.push(user.ordinalOf(cached));
      }
    }
    for (const [user, of] of ordinals) {
      this.#record(user, identity.id, Template.empty, user.classify(slot, of));
    }
  }

  editsOf(state: DirectionState): TemplateEdit[] {
    const edits: TemplateEdit[] = [];
    for (const [identity, { before, after }] of this.#edits.get(state) ?? []) {
      if (equalTemplates(before, after)) continue;
      edits.push({ direction: state.direction, identity, before, after });
    }
    return edits;
  }

  #record(state: DirectionState, identity: number, before: Template, after: Template): void {
    let edits = this.#edits.get(state);
    if (edits === undefined) this.#edits.set(state, (edits = new Map()));
    const known = edits.get(identity);
    if (known === undefined) edits.set(identity, { before, after });
    else known.after = after;
  }
}
