/**
 * What makes a cluster of an API server: the controllers of Kubernetes that the lab needs, and a
 * scheduler. Each is a client like any other, and works as well on a real API server.
 *
 * Not here: storing and validating objects (`lab/apiserver`), running pods (`lab/kubelet`).
 *
 * Invariants:
 * - Each controller is a pure core, facts in and operations out, under a driver that is the same
 *   for all: caches kept by watches and by what we write ourselves, and one queue of keys.
 * - A key is worked on by one worker at a time; what fails is tried again, later each time.
 * - Nothing is remembered that the API server does not know, but for how long something has been
 *   missing or silent: after a restart everything goes on.
 * - One instance at a time: there is no leader election.
 */
export type { ControllerOptions } from "./options.ts";
export { startControllers } from "./start.ts";
