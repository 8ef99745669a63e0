/** A node with small tables of flows, and conversations that stand in them. */
import assert from "node:assert/strict";
import { type AsyncScope, toHex } from "#base";
import { type DatapathSettings, defaultDatapathSettings } from "#datapath";
import type { BpfMap } from "#ebpf";
import { addressOf } from "../world/traffic.ts";
import { type Place, World, type WorldPod } from "../world/world.ts";
import { policy } from "./policies.ts";
import { type Conversation, converse, isHeard, type Transport } from "./sockets.ts";

export const CONVERSATIONS = 60;
/** As many flows as fit. */
export const SMALL = 1024;
const FIRST_PORT = 9000;

const TABLES: DatapathSettings["tables"] = {
  ...defaultDatapathSettings.tables,
  tcpFlows: SMALL,
  otherFlows: SMALL,
  policyEntries: 4096,
  ipcache: 1024,
};

/** Only web begins; api may answer, and begin nothing. */
const OBJECTS =
  policy(
    "api",
    `{ endpointSelector: { matchLabels: { app: api } }, egress: [{}],
       ingress: [{ fromEndpoints: [{ matchLabels: { app: web } }] }] }`,
  ) +
  policy(
    "web",
    `{ endpointSelector: { matchLabels: { app: web } }, ingress: [{}], egress: [{ toEntities: [all] }] }`,
  );

let nextPort = FIRST_PORT;

export interface Shop {
  readonly world: World;
  readonly web: WorldPod;
  readonly api: WorldPod;
}

export async function shop(scope: AsyncScope): Promise<Shop> {
  const world = scope.use(await World.start({ settings: { tables: TABLES } }));
  const web = await world.addPod("shop/web", { labels: { app: "web" } });
  const api = await world.addPod("shop/api", { labels: { app: "api" } });
  await world.apply(OBJECTS);
  return { world, web, api };
}

export function open(
  scope: AsyncScope,
  [client, server]: readonly [Place, Place],
  transport: Transport,
  count: number,
): Conversation[] {
  return Array.from({ length: count }, (_, at) => {
    const family = at % 2 === 0 ? 4 : 6;
    const conversation = converse(
      { ...client, address: addressOf(client, family) },
      { ...server, address: addressOf(server, family) },
      transport,
      nextPort++,
    );
    scope.use(conversation);
    talk(conversation, "client", `conversation ${at}`);
    return conversation;
  });
}

export function talk(
  { client, server }: Conversation,
  first: "client" | "server",
  what: string,
): void {
  const [one, other] = first === "client" ? [client, server] : [server, client];
  assert.ok(isHeard(one, other, "and now?"), `${what}: the ${first} is heard`);
  assert.ok(isHeard(other, one, "now as well"), `${what}: and answered`);
}

export const keysOf = (map: BpfMap): string[] =>
  Array.from(map.entries(), ([key]) => toHex(key)).toSorted();
