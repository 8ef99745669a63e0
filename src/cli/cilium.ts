/**
 * The `cilium` command line: an entry of the build. Holds no command: each is a module of its own
 * in cilium/, loaded when called, because a command line should start as fast as Node does.
 */
import { ciliumProgram } from "./cilium/commands.ts";
import { runInProcess } from "./process.ts";

await runInProcess(ciliumProgram);
