/**
 * The lab's Kubernetes API server: HTTPS, objects on disk, schemas, discovery, watches.
 *
 * Not here: controllers, scheduler, kubelets. They are clients like any other, over HTTPS.
 *
 * Invariants: a write that was answered is on disk; a watch from a list's revision misses nothing
 * and repeats nothing; a request that is refused changes nothing; what a client did wrong is
 * answered by a Status in a real server's words, and what is not there says so
 * (`is not supported by the lab's API server`).
 */
export {
  type ApiServer,
  type ApiServerOptions,
  type ApiServerPki,
  startApiServer,
} from "./server/server.ts";
