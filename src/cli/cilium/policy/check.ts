/** Everything that is invalid in some manifests: text, fields, policies, expectations. */
import type { Streams } from "../../program.ts";
import type { ClusterSettings } from "./call.ts";
import { PolicyCluster } from "./cluster.ts";
import type { LocatedFinding } from "./findings.ts";
import { readManifests } from "./manifests.ts";
import { type LoadedObjects, loadObjects } from "./objects.ts";
import { parseTests } from "./policy-tests.ts";

interface Checked {
  readonly loaded: LoadedObjects;
  readonly cluster: PolicyCluster;
  readonly findings: readonly LocatedFinding[];
}

export async function checkManifests(
  files: readonly string[],
  settings: ClusterSettings,
  streams: Streams,
): Promise<Checked> {
  const loaded = loadObjects(await readManifests(files, streams), settings.namespace);
  const cluster = new PolicyCluster(loaded, settings);
  const tests = parseTests(loaded.tests);
  const findings = [...loaded.findings, ...cluster.findings(), ...tests.findings];
  return { loaded, cluster, findings };
}
