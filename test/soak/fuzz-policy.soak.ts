import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/kube", "src/identity", "src/policy");

export default soak;
