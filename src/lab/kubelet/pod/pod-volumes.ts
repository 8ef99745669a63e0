import { AppError } from "#base";
import type { NodeFacts } from "../core/environment.ts";
import type { Pod, Volume } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { setUpVolume, showsObjects, tearDownVolume } from "../host/volumes.ts";
import type { PodFolders } from "./folders.ts";

/** How often volumes are brought up to date with the objects that they show. */
const REFRESH_MS = 30_000;

/** Volumes that a pod waits for. */
export class MountFailure extends AppError {
  override readonly name: string = "MountFailure";
  readonly failures: readonly AppError[];

  constructor(failures: readonly AppError[]) {
    super("mount", failures.map(({ message }) => message).join("; "));
    this.failures = failures;
  }
}

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

  /** Those that containers use. Fails with a MountFailure where some cannot be had. */
  async mount(pod: Pod, node: NodeFacts): Promise<void> {
    const { data, clock } = this.#context;
    const namespace = pod.metadata.namespace ?? "";
    const failures: AppError[] = [];
    for (const volume of usedVolumes(pod)) {
      try {
        await setUpVolume(volume, this.#folders.volume(volume.name), {
          pod,
          node,
          bytesOf: async (kind, name) => (await data.contentsOf(namespace, kind, name))?.all,
          tokenOf: (audience, seconds) => data.token(pod, audience, seconds),
        });
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "mount") throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new MountFailure(failures);
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

function hasObjects(pod: Pod): boolean {
  return usedVolumes(pod).some(showsObjects);
}

/** What no container mounts is not made. */
function usedVolumes({ spec }: Pod): Volume[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const names = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  const used = new Set(names);
  return (spec.volumes ?? []).filter(({ name }) => used.has(name));
}
