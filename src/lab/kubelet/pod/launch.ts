import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerConfigError, environmentOf, type NodeFacts } from "../core/environment.ts";
import { expand } from "../core/expand.ts";
import { checkNonRoot, privilegeWords } from "../core/privileges.ts";
import { type Container, isSidecar, type Pod, type Volume } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { shareMount, showsObjects } from "../host/volumes.ts";
import type { ContainerPlan, Mount, Propagation } from "../host/scripts.ts";
import type { Image, Launch } from "../images/catalogue.ts";
import { launchOf } from "../images/catalogue.ts";
import { TRUST_FILE } from "../tools/trust.ts";
import { type PodFolders, skeletonFolder } from "./folders.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/**
 * What holds the place of a stand-in's program: it ends, as servers do, when it is told to.
 * It waits within the shell, so that it is one small process.
 */
const STAND_IN = `trap 'exit 0' TERM QUIT INT
mkfifo -m 600 /run/stand-in
while :; do read -r line <> /run/stand-in; done`;

const PROPAGATION: Readonly<Record<string, Propagation>> = {
  None: "none",
  HostToContainer: "from-node",
  Bidirectional: "both-ways",
};

interface LaunchFacts {
  readonly pod: Pod;
  readonly container: Container;
  readonly folders: PodFolders;
  readonly image: Image;
  readonly hostName: string;
  readonly node: NodeFacts;
  readonly sandboxPid: number;
  readonly cgroup: string | undefined;
  readonly runFolder: string;
}

interface PreparedLaunch {
  readonly launch: Launch;
  readonly plan: ContainerPlan;
}

/** Everything that a container is started with; a ContainerConfigError says what is missing. */
export async function prepareLaunch(
  context: KubeletContext,
  facts: LaunchFacts,
): Promise<PreparedLaunch> {
  const { pod, container, image } = facts;
  checkNonRoot(pod, container);
  const environment = await environmentFor(context, facts);
  const valueOf = (name: string): string | undefined => environment.get(name);
  const command = container.command?.map((word) => expand(word, valueOf));
  const args = container.args?.map((word) => expand(word, valueOf));
  const launch = launchOf(image, command, args);
  const argv = launch.kind === "stand-in" ? ["sh", "-c", STAND_IN] : launch.argv;
  const own = container.securityContext ?? {};
  const isPrivileged = own.privileged === true;
  const plan: ContainerPlan = {
    folder: facts.runFolder,
    sandboxPid: facts.sandboxPid,
    cgroup: facts.cgroup,
    environment,
    argv,
    workingFolder: container.workingDir ?? "/",
    mounts: [
      ...trustMounts(context.trustFile),
      ...systemMounts(facts, isPrivileged),
      ...volumeMounts(facts, environment),
    ],
    programs: programsOf(image),
    skeleton: skeletonFolder(context.folders.state),
    isPrivileged,
    isHostPid: pod.spec.hostPID === true,
    hasTty: container.tty === true && launch.kind === "program",
    stdin: container.stdin === true ? "open" : "none",
    isStandIn: launch.kind === "stand-in",
    isReadOnly: own.readOnlyRootFilesystem === true,
    privileges: launch.kind === "stand-in" ? [] : privilegeWords(pod, container),
  };
  return { launch, plan };
}

async function environmentFor(
  context: KubeletContext,
  facts: LaunchFacts,
): Promise<Map<string, string>> {
  const { pod, container, hostName, node } = facts;
  const namespace = pod.metadata.namespace ?? "";
  const data = await readData(context, namespace, container);
  const own = environmentOf(container, {
    pod,
    node,
    services: context.services(pod.spec.enableServiceLinks === false ? "" : namespace),
    dataOf: (kind, name) => data.get(`${kind}/${name}`),
  });
  const result = new Map([
    ["PATH", PATH],
    ["HOSTNAME", hostName],
    ["HOME", "/root"],
  ]);
  if (container.tty === true) result.set("TERM", "xterm");
  for (const [name, value] of own) result.set(name, value);
  return result;
}

/** All that the container's variables refer to, read before they are put together. */
async function readData(
  { data }: KubeletContext,
  namespace: string,
  { env = [], envFrom = [] }: Container,
): Promise<Map<string, Record<string, string>>> {
  const names = new Map<string, ["configmap" | "secret", string]>();
  const want = (kind: "configmap" | "secret", name: string | undefined): void => {
    if (name !== undefined) names.set(`${kind}/${name}`, [kind, name]);
  };
  for (const { valueFrom } of env) {
    want("configmap", valueFrom?.configMapKeyRef?.name);
    want("secret", valueFrom?.secretKeyRef?.name);
  }
  for (const { configMapRef, secretRef } of envFrom) {
    want("configmap", configMapRef?.name);
    want("secret", secretRef?.name);
  }
  const result = new Map<string, Record<string, string>>();
  for (const [key, [kind, name]] of names) {
    const contents = await data.contentsOf(namespace, kind, name);
    if (contents === undefined) continue;
    const texts = [...contents.texts].map(([field, value]) => [field, value.toString("utf8")]);
    result.set(key, Object.fromEntries(texts) as Record<string, string>);
  }
  return result;
}

/** Node runs the tools that this machine lacks. */
function programsOf(image: Image): string[] {
  if (image.kind !== "host") return [process.execPath];
  const { path } = image;
  if (!existsSync(path)) throw new ContainerConfigError(`there is no ${path} on this machine`);
  return [process.execPath, path];
}

function trustMounts(file: string | undefined): Mount[] {
  return file === undefined ? [] : [{ ...fileMount(file, TRUST_FILE), isReadOnly: true }];
}

function fileMount(source: string, target: string): Mount {
  const propagation = "none";
  return { source, target, isFile: true, isReadOnly: false, isRecursive: false, propagation };
}

/** Where a container leaves its last words. */
function terminationFile({ runFolder }: LaunchFacts): string {
  return join(runFolder, "termination-log");
}

function systemMounts(facts: LaunchFacts, isPrivileged: boolean): Mount[] {
  const { folders, container } = facts;
  const path = container.terminationMessagePath ?? "/dev/termination-log";
  writeFileSync(terminationFile(facts), "", { mode: 0o666 });
  return [
    ...["resolv.conf", "hosts", "hostname"].map((name) =>
      fileMount(folders.etc(name), `/etc/${name}`),
    ),
    // The devices of a privileged container are the machine's own: nothing is added to them.
    ...(isPrivileged && path.startsWith("/dev/") ? [] : [fileMount(terminationFile(facts), path)]),
  ];
}

function volumeMounts(facts: LaunchFacts, environment: ReadonlyMap<string, string>): Mount[] {
  const { pod, container } = facts;
  const mounts = (container.volumeMounts ?? []).map((mount): Mount => {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (volume === undefined)
      throw new ContainerConfigError(
        `cannot find volume "${mount.name}" to mount into container "${container.name}"`,
      );
    const folder = sourceOf(volume, facts.folders);
    const path = mount.subPath ?? expand(mount.subPathExpr ?? "", (name) => environment.get(name));
    const source = realpathSync(path === "" ? folder : within(folder, path, mount.name, container));
    const propagation = PROPAGATION[mount.mountPropagation ?? "None"] ?? "none";
    if (propagation === "both-ways") shareMount(source);
    return {
      source,
      target: mount.mountPath,
      isFile: !statSync(source).isDirectory(),
      isReadOnly: mount.readOnly === true || showsObjects(volume),
      isRecursive: volume.hostPath !== undefined,
      propagation,
    };
  });
  // What is mounted below another must come after it.
  return mounts.toSorted((a, b) => (a.target < b.target ? -1 : 1));
}

function sourceOf(volume: Volume, folders: PodFolders): string {
  return volume.hostPath?.path ?? folders.volume(volume.name);
}

/** A part of a volume, made where it is missing, and nothing outside of it by whatever links. */
function within(folder: string, path: string, volume: string, { name }: Container): string {
  const target = join(folder, path);
  if (!existsSync(target)) mkdirSync(target, { recursive: true });
  const [root, real] = [realpathSync(folder), realpathSync(target)];
  if (real === root || real.startsWith(`${root}/`)) return real;
  const where = `volumeMount ${JSON.stringify(volume)} of container ${JSON.stringify(name)}`;
  throw new ContainerConfigError(`failed to prepare subPath for ${where}`);
}

/** Whether probes say of it when it has started, and it counts for readiness. */
export function isProbed(container: Container, isInit: boolean): boolean {
  return !isInit || isSidecar(container);
}
