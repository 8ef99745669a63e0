// npm run test:kernel: the kernel tests on another kernel, in a virtual machine.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { runCommand, usageError, wholeNumber } from "./lib/command.ts";
import { projectFiles, root } from "./lib/files.ts";
import { run } from "./lib/process.ts";
import { announce, secondsSince } from "./lib/progress.ts";
import { bundleTests } from "./vm/bundle-tests.ts";
import { makeInitramfs, RESULT_MARK } from "./vm/initramfs.ts";
import { fetchKernel } from "./vm/kernel-package.ts";

const help = `
Usage: npm run test:kernel -- VERSION [OPTIONS] [WORD...]

Boots Debian's kernel of that version (6.1, 6.12) in QEMU, without hardware virtualisation, and
runs the kernel tests there; with WORDs, the files whose path contains one of them. The kernel is
downloaded once, to .cache/kernels.

  --short       only what CI runs: contracts, the loader, and the pods of a node
  --seed N      the seed of property tests
  --minutes M   how long the machine may take (10)
`;

/** Files that need more of the machine than the VM has: processes from sources, other programs. */
const HOST_ONLY = /\.host\.kernel\.test\.ts$/;
const SHORT = [
  "test/contracts/",
  "src/ebpf/",
  "src/datapath/kernel/verifier",
  "test/datapath/packets/",
  "test/datapath/reach",
];
const DATA = /^(bpf\/obj\/|src\/.*\/testdata\/).*\.(o|json|txt|bin|hex)$/;
const MEMORY_MIB = 2048;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function chooseFiles(words: readonly string[], isShort: boolean): string[] {
  const wanted = words.length > 0 ? words : isShort ? SHORT : [""];
  const files = projectFiles().filter(
    (path) =>
      path.endsWith(".kernel.test.ts") &&
      !HOST_ONLY.test(path) &&
      wanted.some((word) => path.includes(word)),
  );
  if (files.length === 0) throw usageError(`no kernel test has ${words.join(" or ")} in its path`);
  return files;
}

/** Boots and passes on what the guest prints; answers what it counted. */
async function boot(
  image: string,
  initramfs: string,
  minutes: number,
): Promise<Counts & { broken: number }> {
  const total = { passed: 0, failed: 0, skipped: 0, broken: -1 };
  const limit = AbortSignal.timeout(minutes * 60_000);
  const onLine = (raw: string): void => {
    const line = raw.replace(/\r$/, "");
    const [mark, kind, ...rest] = line.split(" ");
    if (mark !== RESULT_MARK) return console.log(`  | ${line}`);
    if (kind === "failed-processes") total.broken = Number(rest[0]);
    if (kind !== "counts") return undefined;
    const counts = JSON.parse(rest.join(" ")) as Counts;
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  };
  const machine = [
    "-machine",
    "q35",
    "-accel",
    "tcg,thread=multi",
    "-cpu",
    "max",
    "-smp",
    "2",
    "-m",
    String(MEMORY_MIB),
  ];
  const guest = ["-kernel", image, "-initrd", initramfs, "-append", "console=ttyS0 quiet panic=-1"];
  const rest = [
    "-display",
    "none",
    "-serial",
    "stdio",
    "-monitor",
    "none",
    "-no-reboot",
    "-nic",
    "none",
  ];
  await run(["qemu-system-x86_64", ...machine, ...guest, ...rest], { onLine, signal: limit });
  if (limit.aborted)
    throw new AppError(
      "timeout",
      `The machine did not end within ${minutes} minutes: see above how far it came, or give it more by --minutes.`,
    );
  if (total.broken < 0)
    throw new AppError(
      "no-result",
      "The machine ended without a result: see above what its kernel said.",
    );
  return total;
}

await runCommand(
  {
    help,
    options: {
      short: { type: "boolean", default: false },
      seed: { type: "string" },
      minutes: { type: "string", default: "10" },
    },
  },
  async (values, [version, ...words]) => {
    if (version === undefined || !/^\d+\.\d+$/.test(version))
      throw usageError("say which kernel: 6.1 or 6.12");
    const seed = values.seed === undefined ? undefined : wholeNumber("--seed", values.seed);
    const minutes = wholeNumber("--minutes", values.minutes, 1);
    const files = chooseFiles(words, values.short);
    const kernel = await fetchKernel(version);
    mkdirSync(join(root, ".cache"), { recursive: true });
    const folder = mkdtempSync(join(root, ".cache/vm-"));
    try {
      const began = performance.now();
      const initramfs = join(folder, "initramfs");
      await announce("Packing the tests", async () => {
        const tests = join(folder, "tests");
        await bundleTests(files, tests);
        const data = projectFiles().filter((path) => DATA.test(path));
        writeFileSync(initramfs, await makeInitramfs({ kernel, tests, files, data, seed }));
      });
      console.log(`Linux ${kernel.release}, ${files.length} files of tests:`);
      const total = await boot(kernel.image, initramfs, minutes);
      if (total.failed === 0) total.failed = total.broken;
      console.log(`On Linux ${kernel.release}, in ${secondsSince(began)}:`);
      console.log(
        `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
      );
      return total.failed > 0 ? 1 : 0;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
