import { addressContract } from "./addresses.ts";
import { batchContract, eventContract } from "./events.ts";
import { linkContract } from "./links.ts";
import { namespaceContract } from "./namespaces.ts";
import { neighbourContract } from "./neighbours.ts";
import { routeContract } from "./routes.ts";
import { ruleContract } from "./rules.ts";
import { trafficContract } from "./traffic.ts";
import type { MakeWorld } from "./world.ts";

/** What every `Netlink` promises: the kernel's and the fake's take the same tests. */
export function netlinkContract(makeWorld: MakeWorld): void {
  linkContract(makeWorld);
  addressContract(makeWorld);
  routeContract(makeWorld);
  ruleContract(makeWorld);
  neighbourContract(makeWorld);
  trafficContract(makeWorld);
  namespaceContract(makeWorld);
  batchContract(makeWorld);
  eventContract(makeWorld);
}
