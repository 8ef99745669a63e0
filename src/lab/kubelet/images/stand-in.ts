import type net from "node:net";
import { once } from "node:events";
import { AppError, IpAddress } from "#base";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "#base/log";
import type { KubeClient } from "#kube";
import type { DnsOptions } from "#lab/network";
import { listenTcp, type Namespace, openNamespace } from "#netlink";
import type { Container, Pod } from "../core/pod.ts";
import type { Image } from "./catalogue.ts";
import {
  echoServer,
  healthServer,
  httpEchoServer,
  jsonServer,
  type SocketServer,
  staticServer,
  whoamiServer,
} from "./http.ts";
import { mysqlServer, postgresServer, redisServer } from "./greeters.ts";

/** Serves DNS for cluster.local in a pod's network. */
export type ServeDns = (options: DnsOptions) => Promise<AsyncDisposable>;

export interface StandInOptions {
  readonly image: Image & { readonly kind: "stand-in" };
  readonly args: readonly string[];
  readonly pod: Pod;
  readonly container: Container;
  readonly environment: ReadonlyMap<string, string>;
  /** Where the pod's network namespace is to be found. */
  readonly networkPath: string;
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly ips: readonly string[];
  readonly hostName: string;
  /** The container's files, as this machine sees them. */
  readonly root: string;
  readonly write: (stream: "stdout" | "stderr", line: string) => void;
  readonly serveDns: ServeDns | undefined;
}

/** The protocols that a stand-in can listen on. */
/** Where CoreDNS says that it is well, and that it is ready. */
const HEALTH_PORTS = [8080, 8181];
const ALL_ADDRESSES = ["0.0.0.0", "::"];
const NO_IPV6 = /EAFNOSUPPORT|EADDRNOTAVAIL/;

/** A server of this process with its sockets in a pod's network: a container that costs nothing. */
export class StandIn implements AsyncDisposable {
  readonly #servers: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  readonly #namespace: Namespace;
  #dns: AsyncDisposable | undefined;

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  static async open(options: StandInOptions): Promise<StandIn> {
    const standIn = new StandIn(openNamespace(options.networkPath));
    try {
      if (options.image.standIn === "dns") await standIn.#openDns(options);
      else await standIn.#listen(options);
      return standIn;
    } catch (error) {
      await standIn[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #openDns(options: StandInOptions): Promise<void> {
    const { serveDns, client, logger, root } = options;
    if (serveDns === undefined) {
      throw new AppError("stand-in", "this kubelet was started without a DNS server");
    }
    const listen = ALL_ADDRESSES.map((address) => IpAddress.parse(address));
    const upstream = upstreamOf(readFileSync(join(root, "etc/resolv.conf"), "utf8"));
    this.#dns = await serveDns({ client, namespace: this.#namespace, listen, upstream, logger });
    const health = healthServer(options);
    for (const port of HEALTH_PORTS) await this.#listenOn(health, "0.0.0.0", port);
  }

  async #listen(options: StandInOptions): Promise<void> {
    const server = serverOf(options);
    for (const port of portsOf(options, server)) {
      for (const address of ALL_ADDRESSES) await this.#listenOn(server, address, port);
    }
  }

  async #listenOn(server: SocketServer, address: string, port: number): Promise<void> {
    try {
      const endpoint = { address: IpAddress.parse(address), port };
      const listener = await listenTcp(this.#namespace, endpoint, (socket) =>
        this.#serve(server, socket),
      );
      this.#servers.push(listener);
    } catch (error) {
      // A pod without IPv6 is served without.
      if (address !== "::" || !NO_IPV6.test(String(error))) throw error;
    }
  }

  #serve(server: SocketServer, socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    server.serve(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dns?.[Symbol.asyncDispose]();
    const closed = this.#servers.map((server) => once(server, "close"));
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
    this.#namespace.close();
  }
}

/** Who answers for names outside the cluster: the first that the pod's own file names. */
function upstreamOf(resolverFile: string): DnsOptions["upstream"] {
  const server = /^nameserver\s+(\S+)/m.exec(resolverFile)?.[1];
  return server === undefined ? undefined : { address: IpAddress.parse(server), port: 53 };
}

/** What its arguments say, else each port that its container declares, else the image's usual. */
function portsOf({ container, image }: StandInOptions, server: SocketServer): readonly number[] {
  if (server.port !== undefined) return [server.port];
  const declared = (container.ports ?? [])
    .filter(({ protocol = "TCP" }) => protocol === "TCP")
    .map(({ containerPort }) => containerPort);
  return declared.length > 0 ? [...new Set(declared)] : image.ports;
}

function serverOf(options: StandInOptions): SocketServer {
  switch (options.image.standIn) {
    case "http":
      return staticServer(options);
    case "http-echo":
      return httpEchoServer(options);
    case "echo":
      return echoServer(options);
    case "json":
      return jsonServer(options);
    case "whoami":
      return whoamiServer(options);
    case "postgres":
      return postgresServer(options);
    case "redis":
      return redisServer();
    case "mysql":
      return mysqlServer();
    case "dns":
      throw new AppError("stand-in", "the DNS server has sockets of its own");
    default:
      return options.image.standIn satisfies never;
  }
}
