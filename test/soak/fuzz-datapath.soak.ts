import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/datapath");

export default soak;
