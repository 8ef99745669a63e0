import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority with certificates for a kubelet and for two clients. */
export function makePki(): { ca: string; server: Pair; apiServer: Pair; stranger: Pair } {
  const folder = mkdtempSync(join(tmpdir(), "kubelet-pki-"));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { stdio: "ignore" });
  const read = (name: string): string => readFileSync(at(name), "utf8");
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    openssl(
      "req",
      "-x509",
      ...curve,
      "-days",
      "2",
      "-subj",
      "/CN=test-ca",
      "-keyout",
      at("ca.key"),
      "-out",
      at("ca.crt"),
    );
    writeFileSync(at("ext"), "subjectAltName=IP:10.99.0.1\n");
    const pair = (name: string): Pair => {
      openssl(
        "req",
        ...curve,
        "-subj",
        `/CN=${name}`,
        "-keyout",
        at(`${name}.key`),
        "-out",
        at(`${name}.csr`),
      );
      openssl(
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        at(`${name}.csr`),
        "-CA",
        at("ca.crt"),
        "-CAkey",
        at("ca.key"),
        "-CAcreateserial",
        "-extfile",
        at("ext"),
        "-out",
        at(`${name}.crt`),
      );
      return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
    };
    return {
      ca: read("ca.crt"),
      server: pair("node1"),
      apiServer: pair("api"),
      stranger: pair("stranger"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
