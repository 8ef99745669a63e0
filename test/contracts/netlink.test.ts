import assert from "node:assert/strict";
import { type FakeNamespace, FakeNetworks, openFakeNetlink } from "#netlink/fake";
import { netlinkContract } from "./netlink/contract.ts";

netlinkContract(() => {
  const networks = new FakeNetworks();
  const namespaces = new Map<number, FakeNamespace>();
  return {
    place(name) {
      const ref = networks.namespace(name);
      namespaces.set(ref.fd, ref);
      return { ref, netlink: openFakeNetlink(ref) };
    },
    remove({ ref }) {
      networks.remove(namespaces.get(ref.fd) ?? assert.fail("a namespace of this world"));
    },
    program: () => networks.program(),
    [Symbol.dispose]: () => {},
  };
});
