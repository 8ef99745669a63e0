import { defineSoak, type Soak } from "#test";
import { runDiff } from "../oracles/datapath/run-diff.ts";

// Random nodes and packets: what the programs in the kernel do must be what the model does. The
// small run is datapath-diff.kernel.test.ts, since it needs root.
const soak: Soak = defineSoak({
  summary: "the pod datapath in the kernel against its model, on random packets and changes",
  small: undefined,
  large: { packets: 1_000_000 },
  run: (context) => runDiff(context),
});

export default soak;
