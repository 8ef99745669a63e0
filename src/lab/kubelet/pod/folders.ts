import { join } from "node:path";
import type { KubeletFolders } from "../context.ts";
import type { Pod } from "../core/pod.ts";
import { linkLog, removeDeadLinks } from "../host/log-links.ts";

/** Where everything of a pod stands on its node. */
export class PodFolders {
  readonly root: string;
  readonly logs: string;
  readonly #links: { readonly folder: string; readonly prefix: string };

  constructor(folders: KubeletFolders, pod: Pod) {
    const { name, namespace, uid = "" } = pod.metadata;
    this.root = join(podsFolder(folders.state), uid);
    this.logs = join(folders.logs, `${namespace}_${name}_${uid}`);
    this.#links = { folder: folders.containerLogs, prefix: `${name}_${namespace}_` };
  }

  get pod(): string {
    return join(this.root, "pod.json");
  }

  get sandbox(): string {
    return join(this.root, "sandbox.json");
  }

  etc(name: string): string {
    return join(this.root, "etc", name);
  }

  volume(name: string): string {
    return join(this.root, "volumes", name);
  }

  subPath(volume: string, container: string, index: number): string {
    return join(this.root, "volume-subpaths", volume, container, String(index));
  }

  container(name: string): string {
    return join(this.root, "containers", name);
  }

  run(name: string, attempt: number): string {
    return join(this.container(name), String(attempt));
  }

  log(name: string, attempt: number): string {
    return join(this.logs, name, `${attempt}.log`);
  }

  /** `id` is that of the container's run. */
  linkLog(name: string, attempt: number, id: string): void {
    const { folder, prefix } = this.#links;
    linkLog(join(folder, `${prefix}${name}-${id}.log`), this.log(name, attempt));
  }

  removeDeadLinks(): void {
    removeDeadLinks(this.#links.folder, this.#links.prefix);
  }
}

export function podsFolder(state: string): string {
  return join(state, "pods");
}

export function skeletonFolder(state: string): string {
  return join(state, "skeleton");
}
