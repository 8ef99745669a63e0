import { join } from "node:path";
import type { Pod } from "../core/pod.ts";

/** Where everything of a pod stands on its node. */
export class PodFolders {
  readonly root: string;
  readonly logs: string;

  constructor(state: string, pod: Pod) {
    const { name, namespace, uid = "" } = pod.metadata;
    this.root = join(podsFolder(state), uid);
    this.logs = join(state, "logs", "pods", `${namespace}_${name}_${uid}`);
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
}

export function podsFolder(state: string): string {
  return join(state, "pods");
}

export function skeletonFolder(state: string): string {
  return join(state, "skeleton");
}
