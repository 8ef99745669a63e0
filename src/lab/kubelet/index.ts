/**
 * A node's kubelet: keeps the pods that are bound to its node as processes of this machine.
 *
 * Not here: the node's network and the CNI plugins (`lab/network`), and who decides which pods a
 * node has.
 *
 * Invariants:
 * - What it does and says is what a real kubelet does and says; what it cannot do, it refuses
 *   with an event or a waiting reason.
 * - A pod outlives its kubelet. All that is needed to find it again, or to take it away, is
 *   written down before it is made.
 * - A container writes to its own layer and its volumes, never to the machine's files.
 * - A process is signalled only when it is still the one that was started.
 */
export type { KubeletFolders, KubeletOptions, KubeletPki } from "./context.ts";
export type { ServeDns } from "./images/stand-in.ts";
export { type Kubelet, startKubelet } from "./kubelet.ts";
