import { netlinkContract } from "./netlink/contract.ts";
import { kernelWorld } from "./netlink/kernel-world.ts";

netlinkContract(kernelWorld);
