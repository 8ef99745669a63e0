/**
 * A client of Kubernetes' API: requests, watches, informers, leader election, our CRDs.
 *
 * Not here: what objects mean. Their types and validation are in #kube/types; what is read here is
 * plain JSON. Exec, attach and port-forward, which are WebSockets: `KubeClient.endpoint` has what
 * they need.
 *
 * Invariants:
 * - Every failure of a request is a KubeError with the server's reason, or `Unreachable` when there
 *   was no answer; a bad kubeconfig is a ConfigError; bytes that are not what the API says are a
 *   DecodeError. An abort rejects with its reason, and ends a stream without an error.
 * - An informer tells each state of each object that it sees once, in the server's order, and ends
 *   up with the server's state whatever connections do. States in between may be skipped.
 * - At any time at most one LeaderElection of a Lease runs its `lead`, as long as that ends when its
 *   signal is aborted, within the difference of `leaseSeconds` and `renewSeconds`.
 * - Objects in an informer are shared by all who read them: nobody changes them.
 */
export { KubeClient, type Connection, type Endpoint } from "./client.ts";
export { installCrds } from "./crds.ts";
export { KubeError, type KubeErrorDetails, type KubeStatus, UNREACHABLE } from "./error.ts";
export type { InformerHandlers } from "./informer-cache.ts";
export { Informer, type InformerOptions } from "./informer.ts";
export { LeaderElection, type LeaderElectionOptions } from "./leader-election.ts";
export {
  type AnyObject,
  type KubeMeta,
  type KubeObject,
  objectKey,
  type ObjectRef,
  type OwnerReference,
  refOf,
} from "./object.ts";
export type {
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchOptions,
  RawOptions,
  SelectorOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./requests.ts";
export { apiVersionOf, pathOf, type Resource, RESOURCES } from "./resource.ts";
