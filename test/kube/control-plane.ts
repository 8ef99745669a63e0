/** etcd, kube-apiserver, controller manager and scheduler, in the machine's own network. */
import { join } from "node:path";
import {
  CA,
  CA_KEY,
  certificateFiles,
  issueForApiServer,
  issueForClient,
  makeAuthority,
  SERVICE_ACCOUNT_KEY,
  writeKubeconfig,
} from "./certificates.ts";
import {
  API_PORT,
  ETCD_PORTS,
  FOLDER,
  KUBECONFIG,
  MACHINE_ADDRESS,
  POD_CIDR,
  SERVICE_CIDR,
} from "./places.ts";
import { controlPlaneProgram, start } from "./processes.ts";
import { programPath } from "./programs.ts";

const [CLIENT_PORT, PEER_PORT] = ETCD_PORTS;
const ETCD_URL = `http://127.0.0.1:${CLIENT_PORT}`;
const PEER_URL = `http://127.0.0.1:${PEER_PORT}`;
const ISSUER = "https://kubernetes.default.svc.cluster.local";
const KUBELET_CLIENT = "apiserver-kubelet-client";

export const CONTROL_PLANE = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
] as const;
type Name = (typeof CONTROL_PLANE)[number];

/** Long flags of Go's flag packages; true is a flag alone. */
type Flags = Readonly<Record<string, string | number | true>>;

export function flagsOf(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) =>
    value === true ? `--${name}` : `--${name}=${value}`,
  );
}

function run(name: Name, flags: Flags): Promise<void> {
  return start(controlPlaneProgram(name), [programPath(name), ...flagsOf(flags)]);
}

export async function makeCredentials(): Promise<void> {
  await makeAuthority();
  await Promise.all([
    issueForApiServer(),
    issueForClient(KUBELET_CLIENT, `/O=system:masters/CN=${KUBELET_CLIENT}`),
    writeKubeconfig(KUBECONFIG, "admin", "/O=system:masters/CN=kubernetes-admin"),
    ...["kube-controller-manager", "kube-scheduler", "kube-proxy"].map((name) =>
      writeKubeconfig(kubeconfigOf(name), name, `/CN=system:${name}`),
    ),
  ]);
}

export function kubeconfigOf(name: string): string {
  return join(FOLDER, `${name}.conf`);
}

export async function startEtcd(): Promise<void> {
  await run("etcd", {
    "data-dir": join(FOLDER, "etcd"),
    "listen-client-urls": ETCD_URL,
    "advertise-client-urls": ETCD_URL,
    "listen-peer-urls": PEER_URL,
    "initial-advertise-peer-urls": PEER_URL,
    "initial-cluster": `default=${PEER_URL}`,
    // What is in it does not outlive the machine.
    "unsafe-no-fsync": true,
  });
}

export async function startApiServer(): Promise<void> {
  const serving = certificateFiles("apiserver");
  const kubelet = certificateFiles(KUBELET_CLIENT);
  await run("kube-apiserver", {
    "etcd-servers": ETCD_URL,
    "bind-address": MACHINE_ADDRESS,
    "advertise-address": MACHINE_ADDRESS,
    "secure-port": API_PORT,
    "tls-cert-file": serving.cert,
    "tls-private-key-file": serving.key,
    "client-ca-file": CA,
    "kubelet-client-certificate": kubelet.cert,
    "kubelet-client-key": kubelet.key,
    "kubelet-preferred-address-types": "InternalIP",
    "service-account-issuer": ISSUER,
    "service-account-key-file": SERVICE_ACCOUNT_KEY,
    "service-account-signing-key-file": SERVICE_ACCOUNT_KEY,
    "service-cluster-ip-range": SERVICE_CIDR,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": true,
  });
}

/** Once the API server answers: they end where it does not. */
export async function startControllers(): Promise<void> {
  const common = (name: string): Flags => ({
    kubeconfig: kubeconfigOf(name),
    "leader-elect": "false",
    "secure-port": 0,
  });
  await run("kube-controller-manager", {
    ...common("kube-controller-manager"),
    "root-ca-file": CA,
    "cluster-signing-cert-file": CA,
    "cluster-signing-key-file": CA_KEY,
    "service-account-private-key-file": SERVICE_ACCOUNT_KEY,
    "use-service-account-credentials": true,
    "cluster-cidr": POD_CIDR,
    "allocate-node-cidrs": true,
    "node-cidr-mask-size": 24,
    // It would make this folder where it is by default.
    "flex-volume-plugin-dir": join(FOLDER, "volume-plugins"),
    "service-cluster-ip-range": SERVICE_CIDR,
  });
  await run("kube-scheduler", common("kube-scheduler"));
}
