import assert from "node:assert/strict";
import { test } from "node:test";
import { AttachType, ProgramFlag, ProgramType } from "../uapi.ts";
import { knownSectionNames, sectionMeaning } from "./section-names.ts";

test("names stand for a type and a place", () => {
  const cases: [name: string, type: number, attachType: number | undefined, flags: number][] = [
    ["tc", ProgramType.schedCls, undefined, 0],
    ["classifier", ProgramType.schedCls, undefined, 0],
    ["tcx/ingress", ProgramType.schedCls, AttachType.tcxIngress, 0],
    ["tcx/egress", ProgramType.schedCls, AttachType.tcxEgress, 0],
    ["xdp", ProgramType.xdp, AttachType.xdp, 0],
    ["xdp.frags", ProgramType.xdp, AttachType.xdp, ProgramFlag.xdpHasFrags],
    ["cgroup/connect4", ProgramType.cgroupSockAddr, AttachType.cgroupInet4Connect, 0],
    ["cgroup/sendmsg6", ProgramType.cgroupSockAddr, AttachType.cgroupUdp6Sendmsg, 0],
    ["cgroup/recvmsg4", ProgramType.cgroupSockAddr, AttachType.cgroupUdp4Recvmsg, 0],
    ["cgroup/getpeername6", ProgramType.cgroupSockAddr, AttachType.cgroupInet6Getpeername, 0],
    ["cgroup/sock_create", ProgramType.cgroupSock, AttachType.cgroupInetSockCreate, 0],
    ["sk_lookup", ProgramType.skLookup, AttachType.skLookup, 0],
    ["sk_skb/stream_verdict", ProgramType.skSkb, AttachType.skSkbStreamVerdict, 0],
    ["sk_skb/stream_parser", ProgramType.skSkb, AttachType.skSkbStreamParser, 0],
    ["sk_msg", ProgramType.skMsg, AttachType.skMsgVerdict, 0],
    ["sockops", ProgramType.sockOps, AttachType.cgroupSockOps, 0],
  ];
  for (const [name, type, attachType, flags] of cases) {
    const wanted = { type, attachType, flags, attachTo: undefined };
    assert.deepEqual(sectionMeaning(name), { ...wanted, isAutoLoaded: true }, name);
    assert.deepEqual(sectionMeaning(`?${name}`), { ...wanted, isAutoLoaded: false }, `?${name}`);
  }
});

test("some names have a target", () => {
  const target = (name: string) => sectionMeaning(name)?.attachTo;
  assert.equal(target("raw_tp/sched_switch"), "sched_switch");
  assert.equal(target("tp/syscalls/sys_enter_openat"), "syscalls/sys_enter_openat");
  assert.equal(target("iter/bpf_map_elem"), "bpf_map_elem");
  assert.equal(target("freplace/handler"), "handler");
  assert.equal(target("tp_btf"), undefined);
});

test("a name that is nearly one is none", () => {
  for (const name of ["tc/entry", "xpd", "cgroup/connect", "tcx", "", "?", "maps", ".text"]) {
    assert.equal(sectionMeaning(name), undefined, name);
  }
  for (const name of knownSectionNames()) {
    assert.ok(sectionMeaning(name.replace(/\/$/, "/x")), name);
  }
});
