import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CniErrorCode } from "./protocol.ts";

/** The plugin's name in configurations, and so its file's. */
export const PLUGIN_NAME = "bridge";

/**
 * The executable that the runtime starts for each call. It hands the call to the node's kubelet,
 * so that a pod does not wait for all our modules to be loaded; only Node itself starts. It
 * imports nothing of ours, and works wherever the folder of plugins is mounted.
 */
function pluginScript(socketPath: string, nodeProgram: string = process.execPath): string {
  return `#!${nodeProgram}
const net = require("node:net");
const fs = require("node:fs");
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name.startsWith("CNI_")),
);
const fail = (error) => {
  const msg = "the node's kubelet does not answer the network plugin: " + error.message;
  console.log(JSON.stringify({ cniVersion: "1.0.0", code: ${CniErrorCode.tryLater}, msg }));
  process.exitCode = 1;
};
const input = fs.readFileSync(0, "utf8");
let answer = "";
const socket = net.connect(${JSON.stringify(socketPath)});
socket.setEncoding("utf8").on("error", fail);
socket.on("data", (text) => (answer += text)).on("end", () => {
  try {
    const { status, output } = JSON.parse(answer);
    process.exitCode = status;
    if (output !== "") console.log(output);
  } catch (error) {
    fail(error);
  }
});
socket.end(JSON.stringify({ pid: process.pid, environment, input }));
`;
}

/** Puts the plugin into a folder of plugins. */
export function installPlugin(binFolder: string, socketPath: string): void {
  mkdirSync(binFolder, { recursive: true });
  const path = join(binFolder, PLUGIN_NAME);
  // Replaced in one step: a runtime may be about to start it.
  writeFileSync(`${path}.new`, pluginScript(socketPath));
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
}
