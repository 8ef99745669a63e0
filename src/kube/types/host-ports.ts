/** Whether two pods want one port of a node: the scheduler's question, and the kubelet's. */

interface Port {
  readonly hostPort?: number | undefined;
  readonly hostIP?: string | undefined;
  readonly protocol?: string | undefined;
}

interface Container {
  readonly ports?: readonly Port[] | undefined;
  readonly restartPolicy?: string | undefined;
}

interface Spec {
  readonly containers?: readonly Container[] | undefined;
  readonly initContainers?: readonly Container[] | undefined;
}

const EVERY_ADDRESS = "0.0.0.0";

/** Whether any of the others has a port that the one wants. */
export function sharesHostPort(one: Spec, others: readonly { readonly spec: Spec }[]): boolean {
  const wanted = hostPortsOf(one);
  if (wanted.length === 0) return false;
  return others.some(({ spec }) =>
    hostPortsOf(spec).some((theirs) => wanted.some((own) => collide(own, theirs))),
  );
}

/** An init container has ended when others come, but for one that stays. */
function hostPortsOf({ containers = [], initContainers = [] }: Spec): Required<Port>[] {
  const stay = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...stay, ...containers].flatMap(({ ports = [] }) => ports.flatMap(defaulted));
}

function defaulted({ hostPort = 0, hostIP = "", protocol = "TCP" }: Port): Required<Port>[] {
  return hostPort === 0 ? [] : [{ hostPort, hostIP: hostIP || EVERY_ADDRESS, protocol }];
}

/** "::" is an address like others here: Kubernetes reads it so. */
function collide(one: Required<Port>, other: Required<Port>): boolean {
  if (one.hostPort !== other.hostPort || one.protocol !== other.protocol) return false;
  const [own, theirs] = [one.hostIP, other.hostIP];
  return own === theirs || own === EVERY_ADDRESS || theirs === EVERY_ADDRESS;
}
