/**
 * The order in which a policy is edited in place, such that at no moment anything passes that
 * neither the old entries nor the new ones let pass.
 *
 * What wins comes first and goes last: first everything that is raised, the highest first, then
 * everything that is lowered, the lowest first. While entries are raised, all that was is still
 * there, and what is new among it is above what it is to win over; when the first is lowered, all
 * of the new is there. So the winner of any packet is always one of the old or one of the new.
 *
 * Authentication is asked for by others than the winner, which no order keeps whole: policies with
 * any are replaced and not edited.
 */
import { precedenceNumber, type RuleValue } from "#policy";
import type { EntryChange } from "./held-policy.ts";

/** Each group may be written in any order, and before the next. */
interface OrderedChanges {
  readonly raised: readonly (readonly EntryChange[])[];
  readonly lowered: readonly (readonly EntryChange[])[];
}

export function orderChanges(changes: Iterable<EntryChange>): OrderedChanges {
  const raised = new Map<number, EntryChange[]>();
  const lowered = new Map<number, EntryChange[]>();
  for (const change of changes) {
    const before = heightOf(change.before);
    const after = heightOf(change.after);
    if (after >= before) addTo(raised, after, change);
    else addTo(lowered, before, change);
  }
  const heights = (groups: Map<number, EntryChange[]>): [number, EntryChange[]][] =>
    [...groups].toSorted(([left], [right]) => left - right);
  return {
    raised: heights(raised)
      .toReversed()
      .map(([, group]) => group),
    lowered: heights(lowered).map(([, group]) => group),
  };
}

/** The same changes back. */
export function reversed(changes: readonly EntryChange[]): EntryChange[] {
  return changes.map(({ before, after, ...place }) => ({ ...place, before: after, after: before }));
}

/** Whether nothing can be worse off by it: then open flows need not be judged again. */
export function onlyAddsAllows(changes: readonly EntryChange[]): boolean {
  return changes.every(({ before, after }) => before === undefined && after?.effect === "allow");
}

/** No entry is below one that says nothing. */
function heightOf(value: RuleValue | undefined): number {
  return value === undefined ? -1 : precedenceNumber(value);
}

function addTo(groups: Map<number, EntryChange[]>, height: number, change: EntryChange): void {
  const group = groups.get(height);
  if (group === undefined) groups.set(height, [change]);
  else group.push(change);
}
