import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { AppError } from "#base";
import { root } from "../lib/files.ts";
import { run } from "../lib/process.ts";
import { cpioArchive, type CpioEntry } from "./cpio.ts";
import { type KernelFiles, moduleFiles } from "./kernel-package.ts";

/** Modules of Debian's cloud kernel that tests use. */
const MODULES = [
  "veth",
  "bridge",
  "vxlan",
  "tun",
  "dummy",
  "ifb",
  "macvlan",
  "8021q",
  "sch_ingress",
  "cls_bpf",
  "sch_fq",
  "sch_netem",
  "sctp",
  "wireguard",
];

/** Marks the lines that the host reads among all that the kernel and the tests print. */
export const RESULT_MARK = "CILIATE-VM";

interface GuestOptions {
  kernel: KernelFiles;
  /** The bundled tests, as bundleTests left them. */
  tests: string;
  /** Test files as in the tree, and as they are called in the bundle. */
  files: readonly string[];
  /** Further files of the tree that tests read. */
  data: readonly string[];
  seed: number | undefined;
}

/** Everything that the VM has: it has no disk. */
export async function makeInitramfs(options: GuestOptions): Promise<Buffer> {
  const { kernel, tests, data } = options;
  const modules = moduleFiles(kernel, MODULES);
  const programs = [process.execPath, ...nativeAddons()];
  const entries: CpioEntry[] = [
    ...["proc", "sys", "dev", "tmp", "run", "var/run", "root", "etc"].map((path) => ({
      kind: "folder" as const,
      path,
    })),
    file("bin/busybox", "/bin/busybox", 0o755),
    file("usr/bin/node", process.execPath, 0o755),
    ...(await libraries(programs)),
    ...modules.map((path, at) =>
      file(`modules/${String(at).padStart(2, "0")}-${basename(path)}`, path),
    ),
    ...tree(tests, "ciliate"),
    ...data.map((path) => file(`ciliate/${path}`, join(root, path))),
    ...["koffi", "@koromix"].flatMap((name) =>
      tree(join(root, "node_modules", name), `ciliate/node_modules/${name}`),
    ),
    { kind: "file", path: "init", contents: Buffer.from(initScript(options)), mode: 0o755 },
  ];
  return cpioArchive(entries);
}

function initScript({ files, seed }: GuestOptions): string {
  const bundled = files.map((path) => path.replace(/\.ts$/, ".js"));
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/root CILIATE_TEST_COUNTS=/tmp/counts CILIATE_VM=1
${seed === undefined ? "" : `export CILIATE_SEED=${seed}`}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup /sys/fs/cgroup
echo 3 > /proc/sys/kernel/printk
for module in /modules/*; do insmod "$module" || echo "$module: not loaded"; done
ip link set lo up
cd /ciliate
failed=0
for file in ${bundled.join(" ")}; do
  node --test-reporter=/ciliate/tools/reporter.js tools/run.js "$file" || failed=$((failed + 1))
done
echo "${RESULT_MARK} failed-processes $failed"
while read -r line; do echo "${RESULT_MARK} counts $line"; done < /tmp/counts
poweroff -f
`;
}

function file(path: string, source: string, mode = 0o644): CpioEntry {
  return { kind: "file", path, contents: readFileSync(source), mode };
}

function tree(folder: string, target: string): CpioEntry[] {
  const found: CpioEntry[] = [];
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (statSync(path).isFile())
      found.push(file(join(target, name), path, statSync(path).mode & 0o777));
  }
  return found;
}

function nativeAddons(): string[] {
  const folder = join(root, "node_modules/@koromix");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".node")).map((name) => join(folder, name));
}

/** The shared libraries of programs, at the paths where they look for them. */
async function libraries(programs: readonly string[]): Promise<CpioEntry[]> {
  const paths = new Set<string>();
  for (const program of programs) {
    const { status, output } = await run(["ldd", program]);
    if (status !== 0)
      throw new AppError(
        "no-libraries",
        `ldd cannot read ${relative(root, program)}: ${output.trim()}`,
      );
    for (const [, path] of output.matchAll(/(\/\S+) \(0x/g)) paths.add(path ?? "");
  }
  return [...paths].map((path) => file(path.slice(1), realpathSync(path), 0o755));
}
