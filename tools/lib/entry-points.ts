/** What is built: each name is a file `dist/NAME.js`, from the source beside it. */
export const entryPoints: Record<string, string> = {
  cilium: "src/cli/cilium.ts",
};

/**
 * The most that an entry may make Node read before it runs: its own file and the chunks that it
 * imports statically, in bytes. Reading and compiling are what start-up costs beside Node's own;
 * whatever one call in ten needs is to be imported when it is needed.
 */
export const startBudgets: Record<string, number> = {
  // Commander, and a chunk of base that all commands share.
  cilium: 170_000,
};
