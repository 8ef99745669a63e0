import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/cli");

export default soak;
