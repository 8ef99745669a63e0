/** The matrix as a picture: rows connect, columns are connected to. */
import { escapeControls } from "#base";
import { countOf } from "./findings.ts";
import type { Verdict } from "#policy";
import {
  type CellMark,
  groupAlike,
  memberOf,
  type PodGroup,
  singleGroups,
  VerdictTable,
} from "./matrix-groups.ts";

/** With more pods than this, those that behave alike share a row. */
const MAX_SINGLE_PODS = 16;
const MAX_ROWS = 80;
const MAX_COLUMNS = 200;
const MAX_NAME_CHARACTERS = 22;
const GAP = 2;

const MARKS: Record<CellMark, string> = { allowed: "✓", denied: "✗", l7: "◐", none: "·" };
const COLOURS: Record<CellMark, string> = { allowed: "32", denied: "31", l7: "33", none: "2" };

export interface PictureOptions {
  readonly width: number;
  readonly hasColour: boolean;
  /** Rows have numbers, by which columns are called where their names are too wide. */
  readonly hasNumbers?: boolean;
}

interface Column {
  readonly group: PodGroup;
  readonly port: string;
  /** The pod's name, or the number of its row. */
  readonly name: string;
  /** Namespace, name and port, above each other. */
  readonly head: readonly [string, string, string];
  readonly width: number;
}

export function drawMatrix(verdicts: readonly Verdict[], options: PictureOptions): string {
  const table = new VerdictTable(verdicts);
  const isMany = table.pods.length > MAX_SINGLE_PODS;
  const groups = isMany ? groupAlike(table) : singleGroups(table);
  const rows = groups.slice(0, MAX_ROWS);
  const columns = columnsOf(table, rows);
  if (columns.length === 0) {
    return "There is nothing to draw: no two pods, or no container that declares a port.\n";
  }
  const shown = columns.slice(0, MAX_COLUMNS);
  let picture = new Picture(table, rows, options);
  let split = picture.split(shown);
  if (split.length > 1) {
    picture = new Picture(table, rows, { ...options, hasNumbers: true });
    split = picture.split(shown.map((column) => numbered(column, groups.indexOf(column.group))));
  }
  const parts = split.map((part) => picture.draw(part));
  const notes = [legend(verdicts, options)];
  if (groups.some(({ names }) => names.length > 1)) {
    notes.push("×N: N pods of which all that is drawn is the same; the first one's name is shown.");
  }
  const leftOut = [
    groups.length > MAX_ROWS ? countOf(groups.length - MAX_ROWS, "pod") : "",
    columns.length > MAX_COLUMNS ? countOf(columns.length - MAX_COLUMNS, "column") : "",
  ].filter((text) => text !== "");
  if (leftOut.length > 0) {
    notes.push(`Left out for want of room: ${leftOut.join(" and ")}; -o json has all.`);
  }
  if (groups.some((group) => groupName(group).includes("…"))) {
    notes.push("…: names are cut; -o json has them whole.");
  }
  return `${parts.join("\n")}\n${notes.join("\n")}\n`;
}

function columnsOf(table: VerdictTable, groups: readonly PodGroup[]): Column[] {
  return groups.flatMap((group) => {
    const ports = table.ports.get(memberOf(group, "") ?? "") ?? [];
    return ports.map((port, index): Column => {
      const name = groupName(group);
      const head = [group.namespace, index === 0 ? name : "", port] as const;
      return { group, port, name, head, width: Math.max(head[1].length, port.length) };
    });
  });
}

function numbered(column: Column, row: number): Column {
  const name = String(row + 1);
  const head = [column.head[0], column.head[1] === "" ? "" : name, column.port] as const;
  return { ...column, name, head, width: Math.max(head[1].length, column.port.length) };
}

class Picture {
  readonly #table: VerdictTable;
  readonly #rows: readonly PodGroup[];
  readonly #options: PictureOptions;
  readonly #labelWidth: number;

  constructor(table: VerdictTable, rows: readonly PodGroup[], options: PictureOptions) {
    this.#table = table;
    this.#rows = rows;
    this.#options = options;
    const names = rows.map((row) => this.#label(row).length);
    const namespaces = rows.map((row) => cut(row.namespace).length);
    this.#labelWidth = Math.max("from \\ to".length, ...names, ...namespaces);
  }

  /** Columns in parts that fit the width; ports of one pod stay together where they can. */
  split(columns: readonly Column[]): Column[][] {
    const parts: Column[][] = [];
    let room = 0;
    for (const column of columns) {
      // A pod that goes on in the next part is named again there.
      const needed = GAP + column.width;
      const part = parts.at(-1);
      if (part === undefined || needed > room) {
        const { name } = column;
        const first = { ...column, head: [column.head[0], name, column.port] as const };
        const width = Math.max(name.length, column.width);
        parts.push([{ ...first, width }]);
        room = this.#options.width - this.#labelWidth - GAP - width;
      } else {
        part.push(column);
        room -= needed;
      }
    }
    return parts;
  }

  draw(columns: readonly Column[]): string {
    const lines = this.#heads(columns);
    let namespace: string | undefined;
    for (const row of this.#rows) {
      if (row.namespace !== namespace) {
        namespace = row.namespace;
        lines.push(this.#paint(cut(namespace), "1"));
      }
      lines.push(this.#row(row, columns));
    }
    return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
  }

  #heads(columns: readonly Column[]): string[] {
    let last: string | undefined;
    const namespaces = columns.map(({ group }) => {
      const isNew = group.namespace !== last;
      last = group.namespace;
      return isNew ? cut(group.namespace) : "";
    });
    return [
      this.#namespaceLine(columns, namespaces),
      this.#line(
        "from \\ to",
        columns.map(({ head, width }) => head[1].padEnd(width)),
      ),
      this.#line(
        "",
        columns.map(({ port, width }) => this.#paint(port, "2") + pad(port, width)),
      ),
    ];
  }

  /** A namespace may run over the columns of its pods, and is cut where the next one begins. */
  #namespaceLine(columns: readonly Column[], names: readonly string[]): string {
    let line = "";
    let end = this.#labelWidth;
    for (const [index, { width }] of columns.entries()) {
      const start = end + GAP;
      const name = names[index] ?? "";
      if (name !== "") line = line.slice(0, start - 1).padEnd(start) + name;
      end = start + width;
    }
    return this.#paint(line, "1");
  }

  #row(row: PodGroup, columns: readonly Column[]): string {
    const cells = columns.map(({ group, port, width }) => {
      const from = memberOf(row, "") ?? "";
      const to = memberOf(group, group === row ? from : "");
      const mark = to === undefined ? "none" : this.#table.mark(from, to, port);
      return this.#paint(MARKS[mark], COLOURS[mark]) + pad(MARKS[mark], width);
    });
    return this.#line(this.#label(row), cells);
  }

  #label(row: PodGroup): string {
    const isNumbered = this.#options.hasNumbers === true;
    const number = isNumbered ? `${this.#rows.indexOf(row) + 1} `.padStart(GAP + 2) : "";
    return `${" ".repeat(GAP)}${number}${groupName(row)}`;
  }

  #line(label: string, cells: readonly string[]): string {
    return [label.padEnd(this.#labelWidth), ...cells].join(" ".repeat(GAP));
  }

  #paint(text: string, colour: string): string {
    return paint(text, colour, this.#options.hasColour);
  }
}

function legend(verdicts: readonly Verdict[], { hasColour }: PictureOptions): string {
  const count = (isCounted: (verdict: Verdict) => boolean): number =>
    verdicts.filter((verdict) => verdict.from !== verdict.to && isCounted(verdict)).length;
  const entry = (mark: CellMark, text: string): string =>
    `${paint(MARKS[mark], COLOURS[mark], hasColour)} ${text}`;
  const l7 = count((verdict) => verdict.l7 === true && verdict.verdict === "allowed");
  const allowed = count((verdict) => verdict.verdict === "allowed") - l7;
  const denied = count((verdict) => verdict.verdict === "denied");
  return [
    entry("allowed", `allowed (${allowed})`),
    ...(l7 > 0 ? [entry("l7", `allowed, if its requests are (${l7})`)] : []),
    entry("denied", `denied (${denied})`),
    entry("none", "itself"),
  ].join("   ");
}

export function paint(text: string, colour: string, hasColour: boolean): string {
  return hasColour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function groupName({ names }: PodGroup): string {
  const name = cut(names[0] ?? "");
  return names.length > 1 ? `${name} ×${names.length}` : name;
}

function cut(text: string): string {
  const safe = escapeControls(text);
  if (safe.length <= MAX_NAME_CHARACTERS) return safe;
  // The ends of names tell pods of one Deployment apart, the beginnings what they are.
  const half = (MAX_NAME_CHARACTERS - 2) / 2;
  return `${safe.slice(0, half)}…${safe.slice(safe.length - half)}`;
}

function pad(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - text.length));
}
