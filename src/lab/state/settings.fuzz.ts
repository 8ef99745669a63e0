import { strict as assert } from "node:assert";
import { defineFuzz, type FuzzTarget } from "#test";
import { decodeSettings } from "./decode-settings.ts";
import { DEFAULT_VALUES, newNode } from "./settings.ts";

const GOOD = {
  format: 1,
  name: "lab",
  index: 1,
  isIpv6: true,
  cni: "bridge",
  values: DEFAULT_VALUES,
  nodes: [newNode(1), newNode(2)],
  internetHosts: ["www.example.com"],
  kubeconfig: { path: "/etc/kube/config", previousContext: "work" },
};

const target: FuzzTarget = defineFuzz({
  corpus: () => [Buffer.from(JSON.stringify(GOOD))],
  run: (bytes) => {
    const settings = decodeSettings(Buffer.from(bytes).toString("utf8"));
    const again = decodeSettings(JSON.stringify({ format: 1, ...settings }));
    assert.deepEqual(again, settings);
  },
});
export default target;
