import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Scope } from "#base";
import {
  Collection,
  hasFeature,
  KernelAttacher,
  type Program,
  programsAtDevice,
  unpin,
} from "#ebpf";
import { CollectionSpec } from "#ebpf/spec";
import { createAnonymousNamespace, openNetlink, withNamespace } from "#netlink";
import { bpfFolder } from "#test";
import { type AttachWorld, attacherContract } from "./attachments.ts";

const folder = bpfFolder();
const object = CollectionSpec.parse(
  readFileSync(join(import.meta.dirname, "../../src/ebpf/testdata/empty.bpf.o")),
);

function makeWorld(tc: "tcx" | "clsact"): AttachWorld {
  const scope = new Scope();
  const namespace = scope.use(createAnonymousNamespace("attach"));
  const netlink = scope.use(openNetlink({ namespace }));
  netlink.links.create({ name: "here", details: { kind: "veth", peer: { name: "there" } } });
  const device = netlink.links.get("here")?.index ?? assert.fail("the veth is there");
  const load = (name: string): Program =>
    scope.use(Collection.load(object, { programs: [name] })).program(name);
  const programs = [load("empty_tc"), load("empty_tc"), load("empty_tc")] as const;
  const pins: string[] = [];
  scope.defer(() => {
    for (const pin of pins) unpin(pin);
  });
  return {
    attacher: new KernelAttacher({ tc }),
    device,
    tc: programs,
    xdp: [load("empty_xdp"), load("empty_xdp")],
    pin: (name) => {
      pins.push(join(folder, `${tc}-${name}`));
      return pins.at(-1) ?? "";
    },
    programsAt: (direction) =>
      programsAtDevice(netlink, device, direction).map(
        (id) =>
          programs.find((program) => program.info().id === id) ??
          assert.fail(`program ${id} is not ours`),
      ),
    deleteDevice: () => netlink.links.delete(device),
    inside: (body) => withNamespace(namespace, body),
    [Symbol.dispose]: () => scope[Symbol.dispose](),
  };
}

// Linux 6.1 has no tcx: there only the fallback is tried, and it is what is chosen.
if (hasFeature("tcx")) attacherContract("tcx", () => makeWorld("tcx"));
attacherContract("clsact", () => makeWorld("clsact"));
