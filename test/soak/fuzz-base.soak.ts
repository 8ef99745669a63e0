import { defineFuzzSoak, type Soak } from "#test";

const soak: Soak = defineFuzzSoak("src/base");

export default soak;
