/** The processes of a lab, each loaded only where it is run: none needs the others' code. */
import type { KubeletProcessOptions } from "./kubelet.ts";
import type { ProcessOptions } from "./shared.ts";

export async function runSupervisor(options: ProcessOptions): Promise<void> {
  await (await import("./supervisor.ts")).runSupervisor(options);
}

export async function runControlPlane(options: ProcessOptions): Promise<void> {
  await (await import("./control-plane.ts")).runControlPlane(options);
}

export async function runKubelet(options: KubeletProcessOptions): Promise<void> {
  await (await import("./kubelet.ts")).runKubelet(options);
}
