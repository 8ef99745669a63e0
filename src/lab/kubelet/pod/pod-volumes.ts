import type { NodeFacts } from "../core/environment.ts";
import type { Pod } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { setUpVolume, tearDownVolume } from "../host/volumes.ts";
import type { PodFolders } from "./folders.ts";

/** How often volumes are brought up to date with the objects that they show. */
const REFRESH_MS = 30_000;

/** The volumes of one pod. */
export class PodVolumes {
  readonly #context: KubeletContext;
  readonly #folders: PodFolders;
  #mountedAt: number | undefined;

  constructor(context: KubeletContext, folders: PodFolders) {
    this.#context = context;
    this.#folders = folders;
  }

  get areReady(): boolean {
    return this.#mountedAt !== undefined;
  }

  /** They are as an earlier kubelet has left them. */
  adopt(): void {
    this.#mountedAt = 0;
  }

  /** Fails with the first that cannot be had. */
  async mount(pod: Pod, node: NodeFacts): Promise<void> {
    const { data, clock } = this.#context;
    const namespace = pod.metadata.namespace ?? "";
    for (const volume of pod.spec.volumes ?? []) {
      await setUpVolume(volume, this.#folders.volume(volume.name), {
        pod,
        node,
        bytesOf: (kind, name) => data.bytesOf(namespace, kind, name),
        tokenOf: (audience, seconds) => data.token(pod, audience, seconds),
      });
    }
    this.#mountedAt = clock.nowMs();
  }

  /** Answers when it is due again; a pod whose volumes show no objects never needs it. */
  async refresh(pod: Pod, node: NodeFacts): Promise<number> {
    if (this.#mountedAt === undefined || !hasObjects(pod)) return Infinity;
    const { clock, logger } = this.#context;
    if (clock.nowMs() >= this.#mountedAt + REFRESH_MS) {
      try {
        await this.mount(pod, node);
      } catch (error) {
        // What was shown stays: an object that has gone takes nothing from pods that run.
        logger.debug("volumes are not brought up to date", { pod: pod.metadata.name, error });
        this.#mountedAt = clock.nowMs();
      }
    }
    return this.#mountedAt + REFRESH_MS;
  }

  tearDown(pod: Pod): void {
    for (const { name, emptyDir } of pod.spec.volumes ?? []) {
      if (emptyDir?.medium === "Memory") tearDownVolume(this.#folders.volume(name));
    }
  }
}

function hasObjects({ spec }: Pod): boolean {
  const { volumes = [] } = spec;
  return volumes.some(
    ({ configMap, secret, projected, downwardAPI }) =>
      (configMap ?? secret ?? projected ?? downwardAPI) !== undefined,
  );
}
