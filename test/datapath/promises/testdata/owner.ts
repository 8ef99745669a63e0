// A process that owns a node's datapath: takes over what is pinned, brings it to what the objects
// say, and reads events until it is killed. Says `begins`, and when it is in charge, of what.
import { IpAddress, MacAddress } from "#base";
import { type DatapathSettings, NodeDatapath, openKernelDatapath } from "#datapath";
import { openNamespace, withNamespace } from "#netlink";
import { DesiredState, parseObjects } from "../../world/desired.ts";
import { nodeRows, podObject } from "../../world/node-rows.ts";
import { makeTables, writeRows } from "../../world/node-tables.ts";

interface Options {
  readonly pinFolder: string;
  readonly settings: DatapathSettings;
  readonly namespace: string;
  readonly numbers: readonly (readonly [string, number])[];
  readonly pods: readonly {
    readonly name: string;
    readonly slot: number;
    readonly mac: string;
    readonly hostMac: string;
    readonly ipv4: string;
    readonly ipv6: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  readonly objects: string;
}

const EVENT_POLL_MS = 5;

const { pinFolder, settings, ...options } = JSON.parse(process.argv[2] ?? "{}") as Options;
process.send?.("begins");
const namespace = openNamespace(options.namespace);
const datapath = withNamespace(namespace, () => openKernelDatapath({ pinFolder, settings }));
const db = makeTables();
const node = new NodeDatapath({ datapath, db });
node.start();
setInterval(() => datapath.readEvents(() => {}), EVENT_POLL_MS);

const desired = new DesiredState(options.numbers);
const pods = options.pods.map(({ labels, ...pod }) => {
  const row = {
    ...pod,
    mac: MacAddress.parse(pod.mac),
    hostMac: MacAddress.parse(pod.hostMac),
    ipv4: IpAddress.parse(pod.ipv4),
    ipv6: IpAddress.parse(pod.ipv6),
  };
  desired.upsert(podObject(row, { labels }));
  return row;
});
for (const object of parseObjects(options.objects)) desired.upsert(object);
const change = desired.change();
await node.change(desired.engine, {
  enter: (engine) => change.enter(engine),
  write: (transaction) => writeRows(transaction, nodeRows(change, pods)),
  leave: (engine) => change.leave(engine),
});
node.declareFull();
await node.settled();
process.on("disconnect", () => process.exit());
process.send?.({
  from: datapath.collection.program("from_pod").info().id,
  to: datapath.collection.program("to_pod").info().id,
  attached: datapath.attached(),
});
