/** Where an API server is and who we are to it, from what people and pods have. */
import type { Agent, RequestOptions } from "node:https";

import { KubeConfig } from "@kubernetes/client-node";

import { ConfigError } from "#base";

import { type Credentials, type TlsCredentials, Transport } from "./transport.ts";

// This file is the only one that loads client-node, and is itself loaded only when it is needed:
// it takes a tenth of a second.

export function fromKubeconfig(path: string | undefined, context: string | undefined): Transport {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError("kubeconfig", `${path ?? "KUBECONFIG"}: ${reason}`, { cause: error });
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new ConfigError("context", `${context} is not one of ${names.join(", ")}`);
    }
    config.setCurrentContext(context);
  }
  return transportOf(config);
}

export function fromCluster(): Transport {
  const config = new KubeConfig();
  config.loadFromCluster();
  // What it makes of an environment without the address.
  if (config.getCurrentCluster()?.server.includes("undefined") !== false) {
    throw new ConfigError("KUBERNETES_SERVICE_HOST", "it is not set: this is no pod of a cluster");
  }
  return transportOf(config);
}

function transportOf(config: KubeConfig): Transport {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new ConfigError("kubeconfig", "its current context names no cluster: choose a context");
  }
  return new Transport(new URL(cluster.server), () => credentialsOf(config));
}

/** Tokens expire, and programs that give them are run again. */
async function credentialsOf(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { headers = {}, auth, agent } = options;
  const given = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  const basic = Buffer.from(auth ?? "").toString("base64");
  return {
    headers: {
      ...Object.fromEntries(given),
      ...(auth === undefined || auth === null ? {} : { Authorization: `Basic ${basic}` }),
    },
    tls: tlsOf(options),
    agent: isProxied(config) ? (agent as Agent) : undefined,
  };
}

function tlsOf({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): TlsCredentials {
  return {
    ...(isPem(ca) ? { ca } : {}),
    ...(isPem(cert) ? { cert } : {}),
    ...(isPem(key) ? { key } : {}),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function isPem(value: unknown): value is string | Buffer {
  return typeof value === "string" || Buffer.isBuffer(value);
}

function isProxied(config: KubeConfig): boolean {
  return config.getCurrentCluster()?.proxyUrl !== undefined;
}
