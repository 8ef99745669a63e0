// npm run test:contract: what a Kubernetes must do for us, against one of the two.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { runCommand, usageError } from "./lib/command.ts";
import { root } from "./lib/files.ts";

const help = `
Usage: npm run test:contract -- lab [--on NAME] [PATTERN]
       npm run test:contract -- real [--record] [PATTERN]

Runs the contract suite (test/contracts/kubernetes) against a lab of the sources, or against a real
Kubernetes ("npm run kube"); with a PATTERN, only the tests whose name matches this regular
expression. Both are part of "npm test", the real one where its programs are built.

  --on NAME    a lab that is up already, instead of a new one
  --record     write what the real one answers into the conversations: read the difference
`;

/** As the tests are found. */
const FILES: Readonly<Record<string, string>> = {
  lab: "test/contracts/kubernetes/lab.host.kernel.test.ts",
  real: "test/contracts/kubernetes/real.host.kernel.test.ts",
};

await runCommand(
  { help, options: { on: { type: "string" }, record: { type: "boolean", default: false } } },
  async ({ on, record }, [which = "", pattern, ...rest]) => {
    const file = Object.hasOwn(FILES, which) ? FILES[which] : undefined;
    if (file === undefined) throw usageError(`"${which}" is neither "lab" nor "real"`);
    if (rest.length > 0) throw usageError(`"${rest[0]}" is one word too many`);
    if (record && which === "lab") throw usageError("only what the real one answers is recorded");
    if (on !== undefined && which === "real") throw usageError("--on is for labs");
    const words = [
      ...(record ? ["--update"] : []),
      ...(pattern === undefined ? [] : ["--name", pattern]),
      file,
    ];
    const env = { ...process.env, ...(on === undefined ? {} : { CILIATE_CONTRACT_LAB: on }) };
    const program = ["--import", "tsx", join(root, "tools/test.ts"), ...words];
    const child = spawn(process.execPath, program, { stdio: "inherit", cwd: root, env });
    const [status] = (await once(child, "close")) as [number | null];
    return status ?? 1;
  },
);
