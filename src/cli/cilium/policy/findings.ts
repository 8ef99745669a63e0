/** What validate and lint say, a line for each thing found. */
import { escapeControls } from "#base";
import { type BadInput, badInputText } from "./manifests.ts";

export type Severity = "error" | "warning" | "note";

export interface LocatedFinding {
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  /** `namespace/name`, or the name alone. */
  readonly name: string;
  readonly severity: Severity;
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

/** Text that is no manifest, as a finding. */
export function badInputFinding(bad: BadInput): LocatedFinding {
  const { file, line } = bad;
  const shown = badInputText(bad).slice(`${file}:${line}:`.length);
  const base = {
    file,
    line,
    kind: "",
    name: "",
    path: "",
    severity: "error",
    code: "yaml",
  } as const;
  return { ...base, message: `column ${shown}` };
}

/** By file in the order given, then by line; the worst first where that is the same. */
export function sortFindings(
  findings: readonly LocatedFinding[],
  files: readonly string[],
): LocatedFinding[] {
  const order = new Map(files.map((file, index) => [file, index]));
  const rank: Record<Severity, number> = { error: 0, warning: 1, note: 2 };
  return findings.toSorted(
    (a, b) =>
      (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
      a.line - b.line ||
      rank[a.severity] - rank[b.severity],
  );
}

/** `file:line: kind/name: path: message`; warnings say that they are such. */
export function findingLine(finding: LocatedFinding): string {
  const { file, line, kind, name, severity, path, message, code } = finding;
  const object = kind === "" ? "" : `${kind}/${name}: `;
  const field = path === "" ? "" : `${path}: `;
  const mark = severity === "error" ? "" : `${severity}: `;
  return escapeControls(`${file}:${line}: ${object}${field}${mark}${message} [${code}]`);
}

export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** `2 errors, 1 warning`; empty where there is nothing. */
export function severityCounts(findings: readonly LocatedFinding[]): string {
  return (["error", "warning", "note"] as const)
    .map(
      (severity) =>
        [findings.filter((each) => each.severity === severity).length, severity] as const,
    )
    .filter(([count]) => count > 0)
    .map(([count, severity]) => countOf(count, severity))
    .join(", ");
}
