import { AttachType as A, ProgramFlag, ProgramType as P } from "../uapi.ts";

/** What the name of a section says about the programs in it, by libbpf's conventions. */
interface SectionMeaning {
  readonly type: P;
  readonly attachType: A | undefined;
  readonly flags: number;
  /** What follows the last slash where a target may: a tracepoint, a function. */
  readonly attachTo: string | undefined;
  readonly isAutoLoaded: boolean;
}

type Row = readonly [name: string, type: P, attachType?: A | undefined, flags?: number];

/** Names that stand for themselves. */
const EXACT: readonly Row[] = [
  ["socket", P.socketFilter],
  ["tc", P.schedCls],
  ["classifier", P.schedCls],
  ["action", P.schedAct],
  ["tcx/ingress", P.schedCls, A.tcxIngress],
  ["tcx/egress", P.schedCls, A.tcxEgress],
  ["tc/ingress", P.schedCls, A.tcxIngress],
  ["tc/egress", P.schedCls, A.tcxEgress],
  ["netkit/primary", P.schedCls, A.netkitPrimary],
  ["netkit/peer", P.schedCls, A.netkitPeer],
  ["xdp", P.xdp, A.xdp],
  ["xdp.frags", P.xdp, A.xdp, ProgramFlag.xdpHasFrags],
  ["xdp/devmap", P.xdp, A.xdpDevmap],
  ["xdp.frags/devmap", P.xdp, A.xdpDevmap, ProgramFlag.xdpHasFrags],
  ["xdp/cpumap", P.xdp, A.xdpCpumap],
  ["xdp.frags/cpumap", P.xdp, A.xdpCpumap, ProgramFlag.xdpHasFrags],
  ["perf_event", P.perfEvent],
  ["lwt_in", P.lwtIn],
  ["lwt_out", P.lwtOut],
  ["lwt_xmit", P.lwtXmit],
  ["sockops", P.sockOps, A.cgroupSockOps],
  ["sk_skb", P.skSkb],
  ["sk_skb/stream_parser", P.skSkb, A.skSkbStreamParser],
  ["sk_skb/stream_verdict", P.skSkb, A.skSkbStreamVerdict],
  ["sk_skb/verdict", P.skSkb, A.skSkbVerdict],
  ["sk_msg", P.skMsg, A.skMsgVerdict],
  ["sk_lookup", P.skLookup, A.skLookup],
  ["sk_reuseport", P.skReuseport, A.skReuseportSelect],
  ["sk_reuseport/migrate", P.skReuseport, A.skReuseportSelectOrMigrate],
  ["flow_dissector", P.flowDissector, A.flowDissector],
  ["netfilter", P.netfilter, A.netfilter],
  ["syscall", P.syscall, undefined, ProgramFlag.sleepable],
  ["cgroup/skb", P.cgroupSkb],
  ["cgroup_skb/ingress", P.cgroupSkb, A.cgroupInetIngress],
  ["cgroup_skb/egress", P.cgroupSkb, A.cgroupInetEgress],
  ["cgroup/sock", P.cgroupSock, A.cgroupInetSockCreate],
  ["cgroup/sock_create", P.cgroupSock, A.cgroupInetSockCreate],
  ["cgroup/sock_release", P.cgroupSock, A.cgroupInetSockRelease],
  ["cgroup/post_bind4", P.cgroupSock, A.cgroupInet4PostBind],
  ["cgroup/post_bind6", P.cgroupSock, A.cgroupInet6PostBind],
  ["cgroup/bind4", P.cgroupSockAddr, A.cgroupInet4Bind],
  ["cgroup/bind6", P.cgroupSockAddr, A.cgroupInet6Bind],
  ["cgroup/connect4", P.cgroupSockAddr, A.cgroupInet4Connect],
  ["cgroup/connect6", P.cgroupSockAddr, A.cgroupInet6Connect],
  ["cgroup/connect_unix", P.cgroupSockAddr, A.cgroupUnixConnect],
  ["cgroup/sendmsg4", P.cgroupSockAddr, A.cgroupUdp4Sendmsg],
  ["cgroup/sendmsg6", P.cgroupSockAddr, A.cgroupUdp6Sendmsg],
  ["cgroup/sendmsg_unix", P.cgroupSockAddr, A.cgroupUnixSendmsg],
  ["cgroup/recvmsg4", P.cgroupSockAddr, A.cgroupUdp4Recvmsg],
  ["cgroup/recvmsg6", P.cgroupSockAddr, A.cgroupUdp6Recvmsg],
  ["cgroup/recvmsg_unix", P.cgroupSockAddr, A.cgroupUnixRecvmsg],
  ["cgroup/getpeername4", P.cgroupSockAddr, A.cgroupInet4Getpeername],
  ["cgroup/getpeername6", P.cgroupSockAddr, A.cgroupInet6Getpeername],
  ["cgroup/getpeername_unix", P.cgroupSockAddr, A.cgroupUnixGetpeername],
  ["cgroup/getsockname4", P.cgroupSockAddr, A.cgroupInet4Getsockname],
  ["cgroup/getsockname6", P.cgroupSockAddr, A.cgroupInet6Getsockname],
  ["cgroup/getsockname_unix", P.cgroupSockAddr, A.cgroupUnixGetsockname],
  ["cgroup/sysctl", P.cgroupSysctl, A.cgroupSysctl],
  ["cgroup/getsockopt", P.cgroupSockopt, A.cgroupGetsockopt],
  ["cgroup/setsockopt", P.cgroupSockopt, A.cgroupSetsockopt],
  ["cgroup/dev", P.cgroupDevice, A.cgroupDevice],
];

/** Names that a target follows after a slash: `raw_tp/sched_switch`. */
const WITH_TARGET: readonly Row[] = [
  ["kprobe", P.kprobe],
  ["kretprobe", P.kprobe],
  ["tp", P.tracepoint],
  ["tracepoint", P.tracepoint],
  ["raw_tp", P.rawTracepoint],
  ["raw_tracepoint", P.rawTracepoint],
  ["raw_tp.w", P.rawTracepointWritable],
  ["raw_tracepoint.w", P.rawTracepointWritable],
  ["tp_btf", P.tracing, A.traceRawTp],
  ["fentry", P.tracing, A.traceFentry],
  ["fentry.s", P.tracing, A.traceFentry, ProgramFlag.sleepable],
  ["fexit", P.tracing, A.traceFexit],
  ["fexit.s", P.tracing, A.traceFexit, ProgramFlag.sleepable],
  ["fmod_ret", P.tracing, A.modifyReturn],
  ["fmod_ret.s", P.tracing, A.modifyReturn, ProgramFlag.sleepable],
  ["iter", P.tracing, A.traceIter],
  ["iter.s", P.tracing, A.traceIter, ProgramFlag.sleepable],
  ["freplace", P.ext],
  ["lsm", P.lsm, A.lsmMac],
  ["lsm.s", P.lsm, A.lsmMac, ProgramFlag.sleepable],
  ["lsm_cgroup", P.lsm, A.lsmCgroup],
  ["struct_ops", P.structOps],
  ["struct_ops.s", P.structOps, undefined, ProgramFlag.sleepable],
];

const exact: ReadonlyMap<string, Row> = new Map(EXACT.map((row) => [row[0], row]));
const withTarget: ReadonlyMap<string, Row> = new Map(WITH_TARGET.map((row) => [row[0], row]));

/** All names there are, for errors; those that end in a slash want a target. */
export function knownSectionNames(): string[] {
  return [...exact.keys(), ...[...withTarget.keys()].map((name) => `${name}/`)];
}

/** Undefined for a name that is no program's. */
export function sectionMeaning(section: string): SectionMeaning | undefined {
  const isAutoLoaded = !section.startsWith("?");
  const name = isAutoLoaded ? section : section.slice(1);
  const slash = name.indexOf("/");
  const target = slash === -1 ? undefined : name.slice(slash + 1);
  const row = exact.get(name) ?? withTarget.get(slash === -1 ? name : name.slice(0, slash));
  if (row === undefined) return undefined;
  const [, type, attachType, flags = 0] = row;
  const attachTo = exact.has(name) ? undefined : target;
  return { type, attachType, flags, attachTo, isAutoLoaded };
}
