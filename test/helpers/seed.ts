import { randomInt } from "node:crypto";

const given = process.env["CILIATE_SEED"];

/** The seed of this test run: new each time, or the one given by `--seed`. */
export const runSeed: number = given === undefined ? randomInt(2 ** 31) : Number(given);
