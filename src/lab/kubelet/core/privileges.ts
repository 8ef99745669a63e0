import { ContainerConfigError } from "./environment.ts";
import { type Container, describePod, type Pod } from "./pod.ts";

/**
 * The words by which a program runs as the container's user, and with no more rights than it may
 * have. Rights that nobody takes from it are those of the lab.
 */
export function privilegeWords(pod: Pod, container: Container): string[] {
  const own = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  const user = own.runAsUser ?? ofPod.runAsUser;
  const group = own.runAsGroup ?? ofPod.runAsGroup;
  const others = [ofPod.fsGroup ?? [], ofPod.supplementalGroups ?? []].flat();
  const isOther = user !== undefined || group !== undefined;
  // The first group is one of them, too.
  const groups = isOther || others.length > 0 ? [group ?? 0, ...others] : [];
  const bounds = own.privileged === true ? "" : boundsOf(own.capabilities);
  const words = [
    ...(user === undefined ? [] : ["--reuid", String(user)]),
    ...(user === undefined && group === undefined ? [] : ["--regid", String(group ?? 0)]),
    ...(groups.length === 0 ? [] : ["--groups", [...new Set(groups)].join(",")]),
    ...(bounds === "" ? [] : [`--bounding-set=${bounds}`]),
    ...(own.allowPrivilegeEscalation === false ? ["--no-new-privs"] : []),
  ];
  return words.length === 0 ? [] : ["setpriv", ...words];
}

/** Every image here runs as root where nobody says otherwise. */
export function checkNonRoot(pod: Pod, container: Container): void {
  const own = container.securityContext ?? {};
  const ofPod = pod.spec.securityContext ?? {};
  if ((own.runAsNonRoot ?? ofPod.runAsNonRoot) !== true) return;
  const user = own.runAsUser ?? ofPod.runAsUser;
  if (user !== undefined && user !== 0) return;
  const where = `(pod: "${describePod(pod)}", container: ${container.name})`;
  const what =
    user === 0
      ? "container's runAsUser breaks non-root policy"
      : "container has runAsNonRoot and image will run as root";
  throw new ContainerConfigError(`${what} ${where}`);
}

interface Capabilities {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

function boundsOf({ add = [], drop = [] }: Capabilities = {}): string {
  const names = (list: readonly string[]): string[] =>
    list.map((name) => name.toLowerCase().replace(/^cap_/, ""));
  const [added, dropped] = [names(add), names(drop)];
  if (!dropped.includes("all")) {
    return dropped
      .filter((name) => !added.includes(name) && !added.includes("all"))
      .map((name) => `-${name}`)
      .join(",");
  }
  if (added.includes("all")) return "";
  return ["-all", ...added.map((name) => `+${name}`)].join(",");
}
