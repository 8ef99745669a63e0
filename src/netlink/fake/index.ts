/**
 * Network namespaces in memory, for tests of what configures them: the same `Netlink`, as far as
 * the contract suite goes, in which the kernel's passes too.
 *
 * Not here: packets. Nothing flows, no neighbour is ever found out about, no address is ever a
 * duplicate; and what the kernel gives by itself is there only where others build on it: routes of
 * addresses, loopback addresses, rules. Link-local addresses and secondary ones are not.
 *
 * Invariants: no clock, no chance, no kernel: the same changes give the same state.
 */
export { openFakeNetlink } from "./backend.ts";
export { FakeNetworks } from "./networks.ts";
export type { FakeNamespace } from "./state.ts";
