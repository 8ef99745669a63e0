/** The cluster's certificates, made by openssl as kubeadm makes them: who is who is in the subject. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_SERVICE_ADDRESS, API_PORT, FOLDER, MACHINE_ADDRESS } from "./places.ts";
import { need } from "./processes.ts";

const DAYS = "365";
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

export const CA = join(FOLDER, "ca.crt");
export const CA_KEY = join(FOLDER, "ca.key");
export const SERVICE_ACCOUNT_KEY = join(FOLDER, "sa.key");

/** The files of a certificate by its name. */
export function certificateFiles(name: string): { readonly cert: string; readonly key: string } {
  return { cert: join(FOLDER, `${name}.crt`), key: join(FOLDER, `${name}.key`) };
}

export async function makeAuthority(): Promise<void> {
  const subject = ["-subj", "/CN=kubernetes", "-days", DAYS];
  await need(["openssl", "req", "-x509", ...KEY, ...subject, "-keyout", CA_KEY, "-out", CA]);
  await need(["openssl", "genrsa", "-out", SERVICE_ACCOUNT_KEY, "2048"]);
}

/** `subject` as openssl writes it: `/O=system:masters/CN=admin`. */
async function issue(name: string, subject: string, extensions: string): Promise<void> {
  const { cert, key } = certificateFiles(name);
  const request = join(FOLDER, `${name}.csr`);
  const settings = join(FOLDER, `${name}.ext`);
  writeFileSync(settings, extensions);
  await need(["openssl", "req", ...KEY, "-subj", subject, "-keyout", key, "-out", request]);
  const sign = ["openssl", "x509", "-req", "-in", request, "-CA", CA, "-CAkey", CA_KEY];
  await need([...sign, "-days", DAYS, "-extfile", settings, "-out", cert]);
}

export async function issueForClient(name: string, subject: string): Promise<void> {
  await issue(name, subject, "extendedKeyUsage=clientAuth\n");
}

export async function issueForApiServer(): Promise<void> {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const names = [...service, `${service.at(-1)}.cluster.local`, "localhost"];
  const addresses = [MACHINE_ADDRESS, API_SERVICE_ADDRESS, "127.0.0.1"];
  const all = [...names.map((name) => `DNS:${name}`), ...addresses.map((each) => `IP:${each}`)];
  const extensions = `extendedKeyUsage=serverAuth\nsubjectAltName=${all.join(",")}\n`;
  await issue("apiserver", "/CN=kube-apiserver", extensions);
}

/** A kubeconfig with everything in it, so that it can be copied. */
export async function writeKubeconfig(path: string, user: string, subject: string): Promise<void> {
  await issueForClient(user, subject);
  const { cert, key } = certificateFiles(user);
  const name = "real-kube";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server: `https://${MACHINE_ADDRESS}:${API_PORT}`,
          "certificate-authority-data": base64Of(CA),
        },
      },
    ],
    users: [
      {
        name: user,
        user: { "client-certificate-data": base64Of(cert), "client-key-data": base64Of(key) },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    "current-context": name,
  };
  // JSON is YAML too.
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

function base64Of(path: string): string {
  return readFileSync(path).toString("base64");
}
