/** The keys and certificates of one lab, in files named as kubeadm names them. */
import { createPublicKey, X509Certificate } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "#base";
import {
  type CertificateRequest,
  createAuthority,
  generateKey,
  issueCertificate,
  type KeyAndCertificate,
} from "../pki/certificate.ts";
import { makeFolder, readIfThere, writeFileWhole } from "./files.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A certificate that ends within this is made anew at the next start. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** Whom programs of this machine trust, where Debian and many others keep it. */
const MACHINE_TRUST_FILE = "/etc/ssl/certs/ca-certificates.crt";

/** What X.520 allows; who checks a host's name looks at the alternative names. */
const MAX_COMMON_NAME = 64;
const SERVICE_NAMES = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
export const CLUSTER_DOMAIN = "cluster.local";

interface ClusterPki {
  readonly authority: KeyAndCertificate;
  /** What the API server shows. */
  readonly server: KeyAndCertificate;
  /** What the API server shows to kubelets. */
  readonly kubeletClient: KeyAndCertificate;
  /** The user in kubeconfig, who may do everything. */
  readonly admin: KeyAndCertificate;
  readonly controllers: KeyAndCertificate;
  /** Signs and checks the tokens of service accounts, as PEM. */
  readonly serviceAccounts: { readonly privateKey: string; readonly publicKey: string };
}

type Request = Omit<CertificateRequest, "clock">;

function client(commonName: string, organization: string): Request {
  return { subject: { commonName, organizations: [organization] }, purposes: ["client"] };
}

/** `addresses` are those of the API server. Makes what is missing, was made for other addresses, or ends soon; the rest stays. */
export function ensureClusterPki(
  folder: string,
  addresses: readonly string[],
  clock: Clock,
): ClusterPki {
  makeFolder(folder, 0o700);
  const files = new PkiFolder(folder, clock);
  return {
    authority: files.authority,
    server: files.ensure("apiserver", {
      subject: { commonName: "kube-apiserver" },
      purposes: ["server"],
      names: [
        ...SERVICE_NAMES,
        `kubernetes.default.svc.${CLUSTER_DOMAIN}`,
        "localhost",
        "127.0.0.1",
        "::1",
        ...addresses,
      ],
    }),
    kubeletClient: files.ensure(
      "apiserver-kubelet-client",
      client("kube-apiserver-kubelet-client", "system:masters"),
    ),
    admin: files.ensure("admin", client("kubernetes-admin", "system:masters")),
    controllers: files.ensure(
      "controller-manager",
      client("system:kube-controller-manager", "system:masters"),
    ),
    serviceAccounts: files.ensureServiceAccounts(),
  };
}

/** What a kubelet shows, to the API server as a client and to its callers as a server. */
export function ensureNodePki(
  folder: string,
  node: { readonly name: string; readonly addresses: readonly string[] },
  clock: Clock,
): { readonly authority: string; readonly kubelet: KeyAndCertificate } {
  const files = new PkiFolder(folder, clock);
  const kubelet = files.ensure(`kubelet-${node.name}`, {
    subject: { commonName: `system:node:${node.name}`, organizations: ["system:nodes"] },
    purposes: ["server", "client"],
    names: [node.name, ...node.addresses],
  });
  return { authority: files.authority.certificate, kubelet };
}

/** Signs for the hosts of the little internet; another than the cluster's, as outside. */
export class InternetAuthority {
  readonly #authority: KeyAndCertificate;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#authority = new PkiFolder(folder, clock).ensureAuthority(
      "internet-ca",
      "little-internet",
    );
    this.#clock = clock;
  }

  issue(name: string): KeyAndCertificate {
    return issueCertificate(this.#authority, {
      subject: { commonName: name.slice(0, MAX_COMMON_NAME) },
      names: [name],
      purposes: ["server"],
      clock: this.#clock,
    });
  }

  /** Whom programs in pods trust: whom they trust on this machine, and this one. */
  writeTrust(file: string): void {
    const machines = readIfThere(MACHINE_TRUST_FILE) ?? "";
    writeFileWhole(file, `${machines}${this.#authority.certificate}`, { mode: 0o644 });
  }
}

export function removeNodePki(folder: string, node: string): void {
  for (const end of ["crt", "key"]) rmSync(join(folder, `kubelet-${node}.${end}`), { force: true });
}

class PkiFolder {
  readonly authority: KeyAndCertificate;
  readonly #folder: string;
  readonly #clock: Clock;

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
    this.authority = this.ensureAuthority("ca", "kubernetes");
  }

  ensureAuthority(name: string, commonName: string): KeyAndCertificate {
    return this.#read(name) ?? this.#write(name, createAuthority(commonName, this.#clock));
  }

  ensure(name: string, request: Request): KeyAndCertificate {
    const held = this.#read(name);
    if (held !== undefined && this.#isGood(held, request)) return held;
    return this.#write(name, issueCertificate(this.authority, { ...request, clock: this.#clock }));
  }

  ensureServiceAccounts(): ClusterPki["serviceAccounts"] {
    const held = readIfThere(this.#path("sa.key"));
    const privateKey = held ?? generateKey().privateKey;
    const publicKey = createPublicKey(privateKey)
      .export({ type: "spki", format: "pem" })
      .toString();
    if (held === undefined) {
      writeFileWhole(this.#path("sa.key"), privateKey);
      writeFileWhole(this.#path("sa.pub"), publicKey, { mode: 0o644 });
    }
    return { privateKey, publicKey };
  }

  #isGood(held: KeyAndCertificate, { names = [] }: Request): boolean {
    const certificate = new X509Certificate(held.certificate);
    const issuer = new X509Certificate(this.authority.certificate);
    const endsMs = Date.parse(certificate.validTo);
    return (
      endsMs - this.#clock.nowMs() > RENEW_BEFORE_MS &&
      certificate.verify(issuer.publicKey) &&
      names.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name))
    );
  }

  /** Undefined where one of the two is missing, as after a crash between writing them. */
  #read(name: string): KeyAndCertificate | undefined {
    const certificate = readIfThere(this.#path(`${name}.crt`));
    const key = readIfThere(this.#path(`${name}.key`));
    return certificate === undefined || key === undefined ? undefined : { certificate, key };
  }

  #write(name: string, made: KeyAndCertificate): KeyAndCertificate {
    writeFileWhole(this.#path(`${name}.key`), made.key);
    writeFileWhole(this.#path(`${name}.crt`), made.certificate, { mode: 0o644 });
    return made;
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }
}
