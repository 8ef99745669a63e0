import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/lab");

export default soak;
