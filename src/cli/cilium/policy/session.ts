/** What the asking subcommands begin with: manifests read, complaints told, a cluster to ask. */
import type { Streams } from "../../program.ts";
import { type ClusterSettings, MAX_TOLD, refuse } from "./call.ts";
import { PolicyCluster } from "./cluster.ts";
import { countOf, findingLine, sortFindings } from "./findings.ts";
import { badInputText, readManifests } from "./manifests.ts";
import { type LoadedObjects, loadObjects, NO_OBJECT } from "./objects.ts";

export interface Session {
  readonly loaded: LoadedObjects;
  readonly cluster: PolicyCluster;
}

/**
 * What cannot be read, or is no YAML or no object, ends it. An object that is not valid is left out and told on the error
 * stream, since one bad policy must not take away the answers about the others; where it is strict it ends it, too:
 * tests that pass without a policy say nothing of a cluster that has it.
 */
export async function openSession(
  files: readonly string[],
  settings: ClusterSettings,
  streams: Streams,
  { isStrict = false }: { isStrict?: boolean } = {},
): Promise<Session> {
  const manifests = await readManifests(files, streams);
  const loaded = loadObjects(manifests, settings.namespace);
  const unread = [
    ...manifests.unreadable,
    ...manifests.bad.map(badInputText),
    ...loaded.findings.filter(({ code }) => code === NO_OBJECT).map(findingLine),
  ];
  if (unread.length > 0) refuse(streams, unread);
  const cluster = new PolicyCluster(loaded, settings);
  const findings = sortFindings([...loaded.findings, ...cluster.findings()], manifests.files);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (isStrict && errors.length > 0) refuse(streams, errors.map(findingLine));
  for (const finding of errors.slice(0, MAX_TOLD)) {
    streams.err(`Warning: left out: ${findingLine(finding)}\n`);
  }
  if (errors.length > MAX_TOLD) {
    const more = countOf(errors.length - MAX_TOLD, "more error");
    streams.err(`Warning: ${more}: cilium policy validate tells them all.\n`);
  }
  return { loaded, cluster };
}

/** Colours are for terminals, and for people who have not said that they want none. */
export function hasColour(streams: Streams): boolean {
  const isUnwanted = (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return streams.terminalColumns !== undefined && !isUnwanted;
}
