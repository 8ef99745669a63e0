import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { AppError } from "#base";
import { bundle } from "../../tools/lib/bundle.ts";
import { entryPoints } from "../../tools/lib/entry-points.ts";
import { root } from "../../tools/lib/files.ts";
import type { Cluster } from "./cluster.ts";
import { processesBelow, processesBy } from "./processes.ts";

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

const runFile = promisify(execFile);

/**
 * The lab as people run it: by the command line of the bundle, in a lab of its own name, with a
 * kubeconfig of its own.
 */
export class BundledLab implements Cluster {
  readonly name = "the lab";
  readonly kubeconfig: string;
  readonly #folder: string;
  readonly #labName = `bench-${process.pid}`;

  static async build(): Promise<BundledLab> {
    const folder = mkdtempSync(join(root, ".cache", "bench-lab-"));
    const lab = new BundledLab(folder);
    try {
      await bundle(entryPoints, join(folder, "dist"));
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.kubeconfig = join(folder, "kubeconfig");
  }

  async up(nodes: number): Promise<void> {
    await this.#run("up", "--nodes", String(nodes), "--no-demo");
  }

  async addNodes(count: number): Promise<void> {
    for (let each = 0; each < count; each++) await this.#run("node", "add");
  }

  async down(): Promise<void> {
    await this.#run("down");
  }

  /** Its own by their command lines, its containers' by the cgroups of the nodes. */
  processIds(): number[] {
    const own = processesBy((words) => {
      const place = words.indexOf("lab");
      return place > 0 && words[place + 2] === "--name" && words[place + 3] === this.#labName;
    });
    return [...own, ...processesBelow(`ciliate-${this.#labName}`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (existsSync(join(this.#folder, "dist/cilium.js"))) await this.down();
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #run(...words: string[]): Promise<void> {
    const [program, ...args] = this.#call(...words);
    const options = { env: this.#environment(), maxBuffer: MAX_OUTPUT_BYTES };
    await runFile(program, args, options).catch((error: unknown) => {
      throw AppError.wrap(`cilium lab ${words.join(" ")}`, error);
    });
  }

  #call(...words: string[]): [string, ...string[]] {
    const program = join(this.#folder, "dist/cilium.js");
    return [process.execPath, program, "lab", ...words, "--name", this.#labName];
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, KUBECONFIG: this.kubeconfig };
  }
}
