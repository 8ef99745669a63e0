import { escapeControls } from "#base";

/** Rows as lines, each column as wide as its widest cell, as kubectl prints them. */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => escapeControls(cell)));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [place, cell] of row.entries()) {
      widths[place] = Math.max(widths[place] ?? 0, cell.length);
    }
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, place) => cell.padEnd(widths[place] ?? 0))
      .join("   ")
      .trimEnd();
  return cells.map((row) => `${line(row)}\n`).join("");
}
