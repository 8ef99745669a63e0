// npm run ci: what decides whether a change may go in.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { AppError } from "#base";
import { noWords, runCommand } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run ci

Runs "npm test", then "npm run check", and ends with the line "N passed, N failed" (the tests'
counts). Fails when either fails. The same as .ci/run, which a CI system calls.
`;

await runCommand({ help, options: {} }, (_, words) => {
  noWords(words);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(join(root, ".ci/run"), { cwd: root, stdio: "inherit" });
    child.on("error", (error) => reject(AppError.wrap("running .ci/run", error)));
    child.on("close", (status) => resolve(status ?? 1));
  });
});
