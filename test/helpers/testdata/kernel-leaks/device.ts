import { test } from "node:test";
import { openNetlink } from "#netlink";

test("leaves a device in the machine's namespace", () => {
  using netlink = openNetlink();
  const peer = { name: "ciliate-leak1" };
  netlink.links.create({ name: "ciliate-leak0", details: { kind: "veth", peer } });
});
