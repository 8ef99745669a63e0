import { type Bench, defineBench, type Row } from "./lib/index.ts";
import { attachment } from "./datapath/attachment.ts";
import { Live, liveEvents } from "./datapath/live.ts";
import { compileLoad } from "./datapath/load.ts";
import { collection, events, policyChange, workingSets } from "./datapath/packets.ts";
import { loadRotation } from "./datapath/rotation.ts";
import { scales } from "./datapath/scale.ts";

const bench: Bench = defineBench({
  summary: "The datapath of one node: traffic between pods, cost of a packet, pods, policy, flows.",
  async run(context) {
    const load = compileLoad();
    using rotation = loadRotation();
    await using live = await Live.open(load);
    const rows: Row[] = await live.traffic(context);
    rows.push(...(await live.programTime(context, rotation)));
    for (const part of [workingSets, scales, policyChange, events, collection])
      rows.push(...(await part(context, rotation)));
    rows.push(...(await liveEvents(context, load)));
    rows.push(...(await attachment(context)));
    return rows;
  },
});

export default bench;
