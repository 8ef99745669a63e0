import { existsSync, readFileSync } from "node:fs";
import { hostsFile, resolverFile } from "../core/host-files.ts";
import type { Pod } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { rewriteFile } from "../host/files.ts";
import type { PodFolders } from "./folders.ts";

/** What containers of a pod see of names, once it has its addresses. */
export function writeHostFiles(
  context: KubeletContext,
  folders: PodFolders,
  pod: Pod,
  { ips, hostName }: { readonly ips: readonly string[]; readonly hostName: string },
): void {
  const { clusterDns, resolverFile: hostResolver = "/etc/resolv.conf" } = context;
  rewriteFile(folders.etc("hosts"), hostsFile(pod, ips, read("/etc/hosts")));
  const facts = { clusterDns, hostFile: read(hostResolver) };
  rewriteFile(folders.etc("resolv.conf"), resolverFile(pod, facts));
  rewriteFile(folders.etc("hostname"), `${hostName}\n`);
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
