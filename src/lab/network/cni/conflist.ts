import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cidrsIn, type LabNetwork, labAddresses, nodeAddresses } from "../addresses.ts";
import { PLUGIN_NAME } from "./script.ts";

/** The lowest that has all we use: what older runtimes know too. */
const CNI_VERSION = "1.0.0";
const FILE_NAME = "10-ciliate-bridge.conflist";

/** The network of a node's pods, as a runtime finds it in its folder of configurations. */
export function bridgeConflist(lab: LabNetwork, node: number, dataDir: string): object {
  const { underlay, pods } = labAddresses(lab);
  const ranges = cidrsIn(nodeAddresses(lab, node).pods).map(({ key }) => [{ subnet: key }]);
  const plugin = {
    type: PLUGIN_NAME,
    bridge: "cni0",
    isGateway: true,
    ipMasq: true,
    nonMasqueradeCIDRs: [...cidrsIn(pods), ...cidrsIn(underlay)].map(({ key }) => key),
    capabilities: { portMappings: true },
    ipam: { type: "host-local", dataDir, ranges },
  };
  return { cniVersion: CNI_VERSION, name: `ciliate-${lab.name}`, plugins: [plugin] };
}

export function installConflist(
  confFolder: string,
  options: { readonly lab: LabNetwork; readonly node: number; readonly dataDir: string },
): void {
  const { lab, node, dataDir } = options;
  mkdirSync(confFolder, { recursive: true });
  const path = join(confFolder, FILE_NAME);
  // A runtime that looks meanwhile finds all or nothing: it reads only *.conf and *.conflist.
  writeFileSync(`${path}.new`, `${JSON.stringify(bridgeConflist(lab, node, dataDir), null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
