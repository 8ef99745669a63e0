/** What validate and lint print, and the exit code that goes with it. */
import { ExitStatus, type Streams } from "../../program.ts";
import { jsonText, tellErrors } from "./call.ts";
import { EXIT_FINDINGS, EXIT_USAGE } from "./exit-codes.ts";
import {
  countOf,
  findingLine,
  type LocatedFinding,
  severityCounts,
  sortFindings,
} from "./findings.ts";
import { countObjects, type LoadedObjects } from "./objects.ts";

export interface ReportOptions {
  output?: "json";
  strict: boolean;
}

export function reportFindings(
  found: readonly LocatedFinding[],
  loaded: LoadedObjects,
  options: ReportOptions,
  streams: Streams,
): void {
  const { files, unreadable } = loaded.manifests;
  tellErrors(streams, unreadable);
  if (files.length === 0) throw new ExitStatus(EXIT_USAGE);
  const findings = sortFindings(unique(found), files);
  if (options.output === "json") {
    streams.out(jsonText({ findings, objects: countObjects(loaded) }));
  } else {
    for (const finding of findings) streams.out(`${findingLine(finding)}\n`);
    streams.out(summary(findings, loaded));
  }
  if (unreadable.length > 0) throw new ExitStatus(EXIT_USAGE);
  const isBad = ({ severity }: LocatedFinding): boolean =>
    severity === "error" || (options.strict && severity === "warning");
  if (findings.some(isBad)) throw new ExitStatus(EXIT_FINDINGS);
}

function summary(findings: readonly LocatedFinding[], loaded: LoadedObjects): string {
  const objects = countOf(countObjects(loaded), "object");
  const counts = severityCounts(findings);
  const others = [...loaded.otherKinds]
    .map(([kind, count]) => `${count} ${kind === "" ? "of no kind" : kind}`)
    .join(", ");
  const leftOut = others === "" ? "" : `; not read, being nothing to policy: ${others}`;
  return `${objects}: ${counts === "" ? "nothing to complain about" : counts}${leftOut}\n`;
}

function unique(findings: readonly LocatedFinding[]): LocatedFinding[] {
  return [...new Map(findings.map((finding) => [findingLine(finding), finding])).values()];
}
