import { dirname } from "node:path";
import { shellQuote as q, shellWords } from "./shell.ts";

/** Something of this machine that a container sees at a path of its own. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isFile: boolean;
  readonly isReadOnly: boolean;
  /** With what is mounted below the source, and what will be. */
  readonly isRecursive: boolean;
}

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
  /** A folder whose files are laid over the machine's: programs that it lacks. */
  readonly skeleton: string;
  readonly isPrivileged: boolean;
  readonly isHostPid: boolean;
  readonly hasTty: boolean;
  readonly stdin: "none" | "open";
  /** It needs no keeper: how it ends is known without. One process less a pod. */
  readonly isStandIn: boolean;
  readonly user: number | undefined;
  readonly group: number | undefined;
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
  const pid = isHostPid ? "" : "--pid ";
  const holder =
    plan.stdin === "open"
      ? `sleep infinity 8<>${q(`${folder}/stdin`)} ${STDOUT}>&- ${STDERR}>&- ${REPORT}>&- &\n` +
        `holder=$!; echo $holder > ${q(`${folder}/stdin.holder`)}\n`
      : "holder=\n";
  const input = plan.stdin === "open" ? `< ${q(`${folder}/stdin`)}` : "< /dev/null";
  if (plan.isStandIn) {
    return `cd /
${join}exec nsenter --target ${sandboxPid} --net --uts --ipc -- \\
  unshare --mount ${pid}--fork --kill-child -- sh ${q(`${folder}/inner.sh`)}
`;
  }
  return `cd /
${join}${holder}nsenter --target ${sandboxPid} --net --uts --ipc -- \\
  unshare --mount ${pid}--fork --kill-child -- sh ${q(`${folder}/inner.sh`)} ${input}
code=$?
# util-linux before 2.39 stumbles over a child that was killed: it says so, and ends with 1.
case $code,$(tail -n 1 ${q(`${folder}/start.log`)}) in "1,unshare: "*) code=137 ;; esac
[ -z "$holder" ] || kill "$holder" 2> /dev/null
echo "$code $(date +%s%3N)" > ${q(`${folder}/exit.new`)}
mv ${q(`${folder}/exit.new`)} ${q(`${folder}/exit`)}
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
mount -t tmpfs -o mode=755,size=${LAYER_SIZE} ciliate ${q(layer)}
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
${mountLines(plan)}
umount -l ${OLD_ROOT}
rmdir ${OLD_ROOT}
${launchLines(plan)}
`;
}

function bind(source: string, target: string, isRecursive: boolean): string {
  return `mount --${isRecursive ? "rbind" : "bind"} ${q(OLD_ROOT + source)} ${q(target)}`;
}

function kernelFolders({ isPrivileged, isHostPid, folder }: ContainerPlan): string {
  const proc = isHostPid ? `mount --rbind ${OLD_ROOT}/proc /proc` : "mount -t proc proc /proc";
  if (isPrivileged) return `${proc}\n${bind("/sys", "/sys", true)}\n${bind("/dev", "/dev", true)}`;
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

function mountLines({ mounts }: ContainerPlan): string {
  return mounts
    .map(({ source, target, isFile, isReadOnly, isRecursive }) => {
      const make = isFile
        ? `mkdir -p ${q(dirname(target))}\n[ -e ${q(target)} ] || { rm -f ${q(target)}; : > ${q(target)}; }`
        : `mkdir -p ${q(target)}`;
      const lines = `${make}\n${bind(source, target, isRecursive)}`;
      return isReadOnly ? `${lines}\nmount -o remount,bind,ro ${q(target)}` : lines;
    })
    .join("\n");
}

function launchLines(plan: ContainerPlan): string {
  const { argv, environment, workingFolder, hasTty, user, group } = plan;
  const path = environment.get("PATH") ?? "";
  const variables = [...environment].map(([name, value]) => `${name}=${value}`);
  const program = argv[0] ?? "";
  const identity =
    user === undefined && group === undefined
      ? []
      : [
          "setpriv",
          ...(user === undefined ? [] : ["--reuid", String(user)]),
          "--regid",
          String(group ?? 0),
          "--clear-groups",
        ];
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
cd ${q(workingFolder)}
if ! (PATH=${q(path)}; command -v ${q(program)} > /dev/null 2>&1); then
  ${
    program.includes("/")
      ? `reason='no such file or directory'; [ ! -e ${q(program)} ] || reason='permission denied'`
      : `reason='executable file not found in $PATH'`
  }
  echo "exec: \\"${program.replaceAll(/[^\w./@%+=:,-]/g, "?")}\\": $reason" >&${REPORT}
  exit ${START_FAILED}
fi
(echo started >&${REPORT}) 2> /dev/null || :
exec ${shellWords([...identity, "env", "-i", ...variables, ...command])} >&${STDOUT} 2>&${STDERR} ${STDOUT}>&- ${STDERR}>&- ${REPORT}>&-
`;
}
