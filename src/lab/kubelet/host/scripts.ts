import { dirname } from "node:path";
import { shellQuote as q, shellWords } from "./shell.ts";

/** Something of this machine that a container sees at a path of its own. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isFile: boolean;
  readonly isReadOnly: boolean;
  /** With what is mounted below the source. */
  readonly isRecursive: boolean;
  readonly propagation: Propagation;
}

/** What is mounted later: of the node it is seen in the container, of the container in the node. */
export type Propagation = "none" | "from-node" | "both-ways";

export interface ContainerPlan {
  /** The folder of this run. */
  readonly folder: string;
  /** A process in the pod's network, host name and IPC. */
  readonly sandboxPid: number;
  readonly cgroup: string | undefined;
  readonly environment: ReadonlyMap<string, string>;
  readonly argv: readonly string[];
  readonly workingFolder: string;
  readonly mounts: readonly Mount[];
  /** Of this machine: they are there too where they are not on its root's own disk. */
  readonly programs: readonly string[];
  /** A folder whose files are laid over the machine's: programs that it lacks. */
  readonly skeleton: string;
  readonly isPrivileged: boolean;
  readonly isHostPid: boolean;
  readonly hasTty: boolean;
  readonly stdin: "none" | "open";
  /** It needs no keeper: how it ends is known without. One process less a pod. */
  readonly isStandIn: boolean;
  /** Nothing but volumes can be written. */
  readonly isReadOnly: boolean;
  /** A command before the program, which takes rights away and becomes it. */
  readonly privileges: readonly string[];
}

/** What a container may write outside of volumes: it is in memory. */
const LAYER_SIZE = "256m";
const OLD_ROOT = "/.ciliate-old-root";
/** Folders of the machine that are empty in a container. */
const PRIVATE_FOLDERS = ["/tmp", "/var/tmp", "/run"];
/** Which files the container's process has, until it becomes the container's program. */
const STDOUT = 3;
const STDERR = 4;
export const REPORT = 5;
/** What a container ends with that could not be started, as with other runtimes. */
export const START_FAILED = 128;

/**
 * Runs a container and writes down how it ended. It outlives the kubelet, which may be killed at
 * any moment and find the container, or its end, by the files in its folder.
 */
export function outerScript(plan: ContainerPlan): string {
  const { folder, sandboxPid, cgroup, isHostPid } = plan;
  const join = cgroup === undefined ? "" : `echo 0 > ${q(`${cgroup}/cgroup.procs`)} || :\n`;
  const unshared = `--mount --propagation ${propagationOf(plan)}${isHostPid ? "" : " --pid"}`;
  const holder =
    plan.stdin === "open"
      ? `sleep infinity 8<>${q(`${folder}/stdin`)} ${STDOUT}>&- ${STDERR}>&- ${REPORT}>&- &\n` +
        `holder=$!; echo $holder > ${q(`${folder}/stdin.holder`)}\n`
      : "holder=\n";
  const input = plan.stdin === "open" ? `< ${q(`${folder}/stdin`)}` : "< /dev/null";
  if (plan.isStandIn) {
    return `cd /
${join}exec nsenter --target ${sandboxPid} --net --uts --ipc -- \\
  unshare ${unshared} --fork --kill-child -- sh ${q(`${folder}/inner.sh`)}
`;
  }
  return `cd /
${join}${holder}nsenter --target ${sandboxPid} --net --uts --ipc -- \\
  unshare ${unshared} --fork --kill-child -- sh ${q(`${folder}/inner.sh`)} ${input}
code=$?
# util-linux before 2.39 stumbles over a child that was killed: it says so, and ends with 1.
case $code,$(tail -n 1 ${q(`${folder}/start.log`)}) in "1,unshare: "*) code=137 ;; esac
[ -z "$holder" ] || kill "$holder" 2> /dev/null
echo "$code $(date +%s%3N)" > ${q(`${folder}/exit.new`)}
mv ${q(`${folder}/exit.new`)} ${q(`${folder}/exit`)}
`;
}

/** How the container's mounts begin; then each is made what it is to be. */
function propagationOf({ mounts }: ContainerPlan): string {
  const has = (wanted: Propagation): boolean =>
    mounts.some(({ propagation }) => propagation === wanted);
  if (has("both-ways")) return "unchanged";
  return has("from-node") ? "slave" : "private";
}

/** Nothing that the container does to its mounts reaches the node, but by those that are meant to. */
function keepApart({ mounts }: ContainerPlan): string {
  const shared = mounts.filter(({ propagation }) => propagation === "both-ways");
  if (shared.length === 0) return "";
  const patterns = shared.map(({ source }) => `${q(source)}/*`).join(" | ");
  return `while read -r _ _ _ _ point _; do
  point=$(printf %b "$point")
  case $point/ in ${patterns}) ;; *) mount --make-slave "$point" 2> /dev/null || : ;; esac
done < /proc/self/mountinfo
`;
}

/**
 * Makes the container's view of the machine, and becomes its program: the machine's files below a
 * layer of its own, so that nothing it writes is written on the machine.
 */
export function innerScript(plan: ContainerPlan): string {
  const { folder, skeleton } = plan;
  const layer = `${folder}/layer`;
  const root = `${layer}/root`;
  const folders = PRIVATE_FOLDERS.map((path) => `${layer}/private${path}`);
  return `set -e
# Still the machine's /proc: the number is that by which the kubelet knows this process.
read -r self rest < /proc/self/stat
echo "$self" > ${q(`${folder}/pid.new`)}
mv ${q(`${folder}/pid.new`)} ${q(`${folder}/pid`)}
${keepApart(plan)}mount -t tmpfs -o mode=755,size=${LAYER_SIZE} ciliate ${q(layer)}
mkdir -p ${shellWords([`${layer}/up`, `${layer}/work`, root, `${layer}/dev`, ...folders])}
chmod 1777 ${shellWords([`${layer}/private/tmp`, `${layer}/private/var/tmp`])}
cp -a ${q(`${skeleton}/.`)} ${q(`${layer}/up/`)}
mount -t overlay overlay -o lowerdir=/,upperdir=${q(`${layer}/up`)},workdir=${q(`${layer}/work`)} ${q(root)}
cd ${q(root)}
mkdir .${OLD_ROOT}
pivot_root . .${OLD_ROOT}
cd /
${kernelFolders(plan)}
${PRIVATE_FOLDERS.map((path) => bind(`${layer}/private${path}`, path, false)).join("\n")}
${plan.programs.map(showProgram).join("\n")}
${mountLines(plan)}
${propagationOf(plan) === "unchanged" ? `mount --make-rslave ${OLD_ROOT}\n` : ""}umount -l ${OLD_ROOT}
rmdir ${OLD_ROOT}
${launchLines(plan)}
`;
}

function bind(source: string, target: string, isRecursive: boolean): string {
  return `mount --${isRecursive ? "rbind" : "bind"} ${q(OLD_ROOT + source)} ${q(target)}`;
}

function kernelFolders(plan: ContainerPlan): string {
  const { isPrivileged, isHostPid, folder } = plan;
  const proc = isHostPid ? `mount --rbind ${OLD_ROOT}/proc /proc` : "mount -t proc proc /proc";
  if (isPrivileged) {
    // A volume of the same place is mounted over it, which nobody outside is to see.
    const apart = propagationOf(plan) === "unchanged" ? "mount --make-rslave /sys\n" : "";
    return `${proc}\n${bind("/sys", "/sys", true)}\n${apart}${bind("/dev", "/dev", true)}`;
  }
  const nodes = ["null", "zero", "full", "random", "urandom", "tty"];
  return `${proc}
mount -t sysfs -o ro sysfs /sys
${bind(`${folder}/layer/dev`, "/dev", false)}
cp -a ${shellWords(nodes.map((name) => `${OLD_ROOT}/dev/${name}`))} /dev/
mkdir /dev/pts /dev/shm
chmod 1777 /dev/shm
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts`;
}

/** The layer shows nothing of what is mounted on the machine, and /tmp is the container's own. */
function showProgram(path: string): string {
  const isShown = `[ -x ${q(path)} ] || [ ! -e ${q(OLD_ROOT + path)} ]`;
  const lines = [makeFile(path), bind(path, path, false), makeReadOnly(path)];
  return `${isShown} || {\n${lines.join("\n")}\n}`;
}

function makeReadOnly(path: string): string {
  return `mount -o remount,bind,ro ${q(path)}`;
}

function makeFile(path: string): string {
  return `mkdir -p ${q(dirname(path))}\n[ -e ${q(path)} ] || { rm -f ${q(path)}; : > ${q(path)}; }`;
}

function mountLines(plan: ContainerPlan): string {
  const arePrivate = propagationOf(plan) === "private";
  return plan.mounts
    .map(({ source, target, isFile, isReadOnly, isRecursive, propagation }) => {
      const make = isFile ? makeFile(target) : `mkdir -p ${q(target)}`;
      return [
        make,
        bind(source, target, isRecursive),
        ...(propagation === "none" && !arePrivate ? [`mount --make-rprivate ${q(target)}`] : []),
        ...(isReadOnly ? [makeReadOnly(target)] : []),
      ].join("\n");
    })
    .join("\n");
}

/** The place of a stand-in's program waits in /run. */
function readOnlyLines({ isReadOnly, isStandIn }: ContainerPlan): string {
  if (!isReadOnly) return "";
  const folders = PRIVATE_FOLDERS.filter((folder) => !isStandIn || folder !== "/run");
  return ["/", ...folders]
    .map((folder) => `! mountpoint -q ${folder} || mount -o remount,bind,ro ${folder}\n`)
    .join("");
}

/** Says of a program that cannot be run why not, and gives up. */
function checkLines(program: string, path: string): string {
  const shown = program.replaceAll(/[^\w./@%+=:,-]/g, "?");
  const fail = (reason: string): string =>
    `{ echo "exec: \\"${shown}\\": ${reason}" >&${REPORT}; exit ${START_FAILED}; }`;
  if (!program.includes("/")) {
    const look = `(PATH=${q(path)}; command -v ${q(program)} > /dev/null 2>&1)`;
    return `${look} || ${fail("executable file not found in \\$PATH")}`;
  }
  return `[ -e ${q(program)} ] || ${fail(`stat ${shown}: no such file or directory`)}
[ ! -d ${q(program)} ] || ${fail("is a directory")}
[ -x ${q(program)} ] || ${fail("permission denied")}`;
}

function launchLines(plan: ContainerPlan): string {
  const { argv, environment, workingFolder, hasTty, privileges } = plan;
  const path = environment.get("PATH") ?? "";
  const variables = [...environment].map(([name, value]) => `${name}=${value}`);
  const program = argv[0] ?? "";
  const command = hasTty
    ? [
        "script",
        "--quiet",
        "--return",
        "--flush",
        "--command",
        `exec ${shellWords(argv)}`,
        "/dev/null",
      ]
    : argv;
  return `mkdir -p ${q(workingFolder)}
${readOnlyLines(plan)}cd ${q(workingFolder)}
${checkLines(program, path)}
(echo started >&${REPORT}) 2> /dev/null || :
exec ${shellWords([...privileges, "env", "-i", ...variables, ...command])} >&${STDOUT} 2>&${STDERR} ${STDOUT}>&- ${STDERR}>&- ${REPORT}>&-
`;
}
