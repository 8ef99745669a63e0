import { readFileSync } from "node:fs";
import { assertDefined } from "#base";
import { type NamespaceRef, withNamespace } from "#netlink";

/** Segments that TCP has sent again in a namespace: it thought them lost. */
export function retransmissions(namespace: NamespaceRef): number {
  const text = withNamespace(namespace, () => readFileSync("/proc/thread-self/net/snmp", "utf8"));
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith("Tcp:"))
    .map((line) => line.split(" "));
  return Number(assertDefined(values[names.indexOf("RetransSegs")], "the kernel counts them"));
}
