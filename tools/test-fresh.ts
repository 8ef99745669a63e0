// npm run test:fresh: a clone of HEAD on a machine that has nothing but Node and git.
import { runCommand, usageError } from "./lib/command.ts";
import { headCommit } from "./lib/facts.ts";
import { enterScript, inNamespaces } from "./fresh/enter.ts";
import { type Host, readHost } from "./fresh/host.ts";
import {
  copySystem,
  newFolder,
  pristineSystem,
  removeAbandoned,
  removeSystem,
} from "./fresh/system.ts";
import { run } from "./lib/process.ts";
import { announce, secondsSince } from "./lib/progress.ts";

const help = `
Usage: npm run test:fresh -- [--keep]

Installs Debian 12 into a folder (debootstrap; kept in .cache/fresh for the next time), gives it
this machine's Node and npm, clones HEAD into it, and runs "npm test" and then "npm run lab" there,
as somebody would who has just found the project. Needs Linux and root. What is not committed is
not tried.

  --keep   leave the folder as it is at the end, and say where it is
`;

/** What the lab starts goes on after its command. */
const COMMANDS = ["npm test", "npm run lab && npm run lab -- down"];

interface Trial {
  folder: string;
  host: Host;
  signal: AbortSignal;
}

/** Runs a command in the system, with its output as it comes; answers whether it went well. */
async function runInside({ folder, host, signal }: Trial, command: string): Promise<boolean> {
  const script = enterScript(folder, host.binds, command);
  const { status } = await run(inNamespaces("sh", "-c", script), {
    env: host.environment,
    signal,
    onLine: (line) => console.log(`${command} | ${line}`),
  });
  return status === 0;
}

/** Runs the commands up to the first that fails, and tells of each in a few words. */
async function runAll(trial: Trial): Promise<{ told: string; isOk: boolean }> {
  const told: string[] = [];
  let isOk = true;
  for (const command of COMMANDS) {
    const began = performance.now();
    isOk = await runInside(trial, command);
    const how = trial.signal.aborted ? "was interrupted" : isOk ? "passed" : "FAILED";
    told.push(`${command} ${how} after ${secondsSince(began)}`);
    if (!isOk) break;
  }
  return { told: told.join(", "), isOk };
}

/** Ctrl-C ends what runs inside; this process goes on to clean up. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => controller.abort());
  return controller.signal;
}

await runCommand(
  { help, options: { keep: { type: "boolean", default: false } } },
  async (values, words) => {
    if (words.length > 0) throw usageError(`"${words[0]}" is one word too many`);
    const { commit, isClean } = headCommit();
    if (!isClean) console.log(`What is changed in this tree since ${commit} is not tried.`);
    const host = readHost();
    const signal = interruption();
    removeAbandoned();
    const folder = newFolder(values.keep ? "kept" : "run");
    try {
      const pristine = await announce("Installing Debian", () =>
        pristineSystem(host.mirror, signal),
      );
      await announce("Copying the system", () => copySystem(pristine, folder, host, signal));
      const { told, isOk } = await runAll({ folder, host, signal });
      console.log(`${commit} on a fresh Debian 12 with Node ${process.version}: ${told}`);
      return isOk ? 0 : 1;
    } finally {
      if (values.keep) console.log(`The system is in ${folder}`);
      else removeSystem(folder);
    }
  },
);
