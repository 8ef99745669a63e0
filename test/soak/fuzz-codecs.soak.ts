import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/ebpf/spec", "src/netlink", "src/packet");

export default soak;
