import { apiServer } from "./lab/api-server.ts";
import { type Cluster, takenAwayAtSignals, withCluster } from "./lab/cluster.ts";
import { memory } from "./lab/memory.ts";
import { BundledLab } from "./lab/program.ts";
import { findReal } from "./lab/real.ts";
import { start } from "./lab/start.ts";
import { type Bench, defineBench, type Row } from "./lib/index.ts";

const bench: Bench = defineBench({
  summary: "The lab: how soon it is up, what its API server does, how much memory it takes.",
  async run(context) {
    const real = findReal();
    await using lab = await BundledLab.build();
    const clusters: Cluster[] = "missing" in real ? [lab] : [lab, real];
    using _signals = takenAwayAtSignals(clusters);
    const rows: Row[] = await start(lab, real, context);
    for (const cluster of clusters) {
      rows.push(
        ...(await withCluster(cluster, 1, () =>
          apiServer(cluster, context, { hasGoals: cluster === lab }),
        )),
      );
    }
    rows.push(...(await memory(lab, real, context)));
    return rows;
  },
});

export default bench;
