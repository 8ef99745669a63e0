/** Pods that reach and are reached alike, so that a large cluster fits on a screen. */
import type { Verdict } from "#policy";

export interface PodGroup {
  readonly namespace: string;
  /** Names without the namespace; the first stands for all. */
  readonly names: readonly string[];
}

/** `80`, `53/UDP`: TCP goes without saying. */
function portText({ protocol, port }: Pick<Verdict, "protocol" | "port">): string {
  return protocol === "TCP" ? String(port) : `${port}/${protocol}`;
}

export type CellMark = "allowed" | "denied" | "l7" | "none";

/** The verdicts, to be asked by who, whom and port. */
export class VerdictTable {
  readonly pods: readonly string[];
  /** The ports of each pod, in the order in which they came. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  readonly #marks = new Map<string, CellMark>();

  constructor(verdicts: readonly Verdict[]) {
    const pods = new Set<string>();
    const ports = new Map<string, Set<string>>();
    for (const verdict of verdicts) {
      pods.add(verdict.from).add(verdict.to);
      const port = portText(verdict);
      const known = ports.get(verdict.to) ?? new Set();
      ports.set(verdict.to, known.add(port));
      const mark = verdict.l7 === true && verdict.verdict === "allowed" ? "l7" : verdict.verdict;
      this.#marks.set(`${verdict.from}>${verdict.to}>${port}`, mark);
    }
    this.pods = [...pods].toSorted();
    this.ports = new Map([...ports].map(([pod, set]) => [pod, [...set]]));
  }

  mark(from: string, to: string, port: string): CellMark {
    return this.#marks.get(`${from}>${to}>${port}`) ?? "none";
  }
}

/** Each pod alone, by namespace and name. */
export function singleGroups(table: VerdictTable): PodGroup[] {
  return table.pods.map((pod) => ({ namespace: namespaceOf(pod), names: [nameOf(pod)] }));
}

/** Pods of one namespace with the same ports and the same verdicts share a group. */
export function groupAlike(table: VerdictTable): PodGroup[] {
  const groups: { namespace: string; pods: string[] }[] = [];
  for (const pod of table.pods) {
    const namespace = namespaceOf(pod);
    // The first decides; the second shows that the group agrees inside as well.
    const group = groups.find(
      (each) =>
        each.namespace === namespace &&
        each.pods.slice(0, 2).every((other) => areAlike(table, pod, other)),
    );
    if (group === undefined) groups.push({ namespace, pods: [pod] });
    else group.pods.push(pod);
  }
  return groups.map(({ namespace, pods }) => ({ namespace, names: pods.map(nameOf) }));
}

function areAlike(table: VerdictTable, one: string, other: string): boolean {
  const ports = table.ports.get(one) ?? [];
  if (ports.join() !== (table.ports.get(other) ?? []).join()) return false;
  if (ports.some((port) => table.mark(one, other, port) !== table.mark(other, one, port))) {
    return false;
  }
  return table.pods.every((third) => {
    if (third === one || third === other) return true;
    return (
      ports.every((port) => table.mark(third, one, port) === table.mark(third, other, port)) &&
      (table.ports.get(third) ?? []).every(
        (port) => table.mark(one, third, port) === table.mark(other, third, port),
      )
    );
  });
}

/** A pod that stands for the group, other than `not` if there is one. */
export function memberOf(group: PodGroup, not: string): string | undefined {
  return group.names.map((name) => `${group.namespace}/${name}`).find((pod) => pod !== not);
}

function namespaceOf(pod: string): string {
  return pod.slice(0, Math.max(0, pod.indexOf("/")));
}

function nameOf(pod: string): string {
  return pod.slice(pod.indexOf("/") + 1);
}
