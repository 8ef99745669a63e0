import { defineSoak, registerSoak } from "#test";
import { runDiff } from "../oracles/datapath/run-diff.ts";

// The small run of datapath-diff.soak.ts, which needs root.
const soak = defineSoak({
  summary: "the pod datapath in the kernel against its model",
  small: { packets: 50_000 },
  large: { packets: 50_000 },
  run: (context) => runDiff(context),
});

registerSoak("datapath-diff.soak.ts", "datapath-diff", soak);
