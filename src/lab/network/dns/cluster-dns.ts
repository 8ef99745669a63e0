import { AsyncScope, type IpAddress, systemClock } from "#base";
import type { Logger } from "#base/log";
import { type Informer, type KubeClient, RESOURCES } from "#kube";
import { type Endpoint, type NamespaceRef, openNetlink } from "#netlink";
import { DnsResponseCode, DnsType } from "#packet";
import {
  type EndpointSliceObject,
  type NamedObject,
  type ServiceObject,
  watchObjects,
} from "../objects.ts";
import { answerFromZone, type ZoneSettings } from "./answers.ts";
import { Forwarder } from "./forward.ts";
import { type DnsAnswer, type DnsQuery, type DnsRecord, encodeQuery } from "./message.ts";
import { readAnswer } from "./read-answer.ts";
import { type Answer, type Asked, failure, startDnsServer } from "./server.ts";
import { buildZone, type ZoneData } from "./zone.ts";

/** As kubeadm has CoreDNS configured. */
const DEFAULT_TTL_SECONDS = 30;
const DEFAULT_DOMAIN = "cluster.local";
/** Changes that come together make one new zone. */
const SETTLE_MS = 10;
/** Aliases that lead to aliases. */
const MAX_ALIASES = 8;

export interface DnsOptions {
  readonly client: KubeClient;
  /** Where it listens, asks and is asked: the pod's. To be open as long as the server is. */
  readonly namespace: NamespaceRef;
  /** `0.0.0.0` and `::` where it is given those. */
  readonly listen: readonly IpAddress[];
  /** 53 without it. */
  readonly port?: number;
  /** Who knows everything else; without it, other names do not exist. */
  readonly upstream?: Endpoint | undefined;
  readonly domain?: string;
  readonly logger: Logger;
}

/** Serves the names of a cluster. It answers once it knows them all. */
export async function serveDns(options: DnsOptions): Promise<AsyncDisposable> {
  const { client, namespace, listen, upstream, logger, domain = DEFAULT_DOMAIN } = options;
  await using scope = new AsyncScope();
  const zone = scope.use(new WatchedZone(client, logger));
  await zone.synced();
  const self = addressesOf(namespace);
  const forwarder = upstream && scope.use(await Forwarder.start(namespace, upstream));
  const resolver = new ClusterResolver({
    zone: () => zone.data,
    settings: () => ({ domain, ttlSeconds: DEFAULT_TTL_SECONDS, serial: zone.serial, self }),
    forwarder,
  });
  const resolve = (asked: Asked): Promise<Answer> => resolver.resolve(asked);
  const port = options.port === undefined ? {} : { port: options.port };
  scope.use(await startDnsServer({ namespace, addresses: listen, ...port, resolve, logger }));
  return scope.move();
}

/** Under which it may be known to others. */
function addressesOf(namespace: NamespaceRef): IpAddress[] {
  using netlink = openNetlink({ namespace });
  const all = netlink.addresses.list().map(({ address }) => address);
  return all.filter((address) => !address.isLoopback && !address.isLinkLocal);
}

interface ResolverOptions {
  readonly zone: () => ZoneData;
  readonly settings: () => ZoneSettings;
  readonly forwarder: Pick<Forwarder, "ask"> | undefined;
}

/** The zone's answers, and others' for what is not the zone's. */
export class ClusterResolver {
  readonly #options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  async resolve({ query, bytes, transport }: Asked): Promise<Answer> {
    const { forwarder } = this.#options;
    const own = this.#own(query);
    if (own !== undefined) return shuffled(await this.#followed(query, own));
    if (forwarder === undefined) return failure(DnsResponseCode.NXDOMAIN);
    return { bytes: await forwarder.ask(bytes, transport) };
  }

  #own(query: DnsQuery): DnsAnswer | undefined {
    return answerFromZone(query, this.#options.zone(), this.#options.settings());
  }

  /** Clients expect where an alias leads to in the same answer. */
  async #followed(query: DnsQuery, answer: DnsAnswer): Promise<DnsAnswer> {
    const answers = [...answer.answers];
    for (let count = 0; count < MAX_ALIASES; count++) {
      const last = answers.at(-1);
      const isWanted = query.type === DnsType.A || query.type === DnsType.AAAA;
      if (last?.type !== "CNAME" || !isWanted) break;
      const next = await this.#recordsOf(query, last.target);
      if (next.length === 0) break;
      answers.push(...next);
    }
    return { ...answer, answers };
  }

  async #recordsOf(query: DnsQuery, name: string): Promise<readonly DnsRecord[]> {
    const own = this.#own({ ...query, name });
    if (own !== undefined) return own.answers;
    const { forwarder } = this.#options;
    if (forwarder === undefined) return [];
    const message = encodeQuery(name, query.type);
    const foreign = readAnswer(await forwarder.ask(message, "udp"));
    // One that says "ask by TCP" has no use otherwise.
    if (!foreign.isTruncated) return foreign.records;
    return readAnswer(await forwarder.ask(message, "tcp")).records;
  }
}

/** In another order each time, so that those who take the first do not all take the same. */
function shuffled(answer: DnsAnswer): DnsAnswer {
  const isAlias = answer.answers.some(({ type }) => type === "CNAME");
  if (isAlias || answer.answers.length < 2) return answer;
  const answers = [...answer.answers];
  for (let at = answers.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1));
    const [a, b] = [answers[at], answers[other]];
    if (a === undefined || b === undefined) continue;
    answers[at] = b;
    answers[other] = a;
  }
  return { ...answer, answers };
}

/** The zone, made anew a moment after each change of what it is made of. */
class WatchedZone implements AsyncDisposable {
  readonly #namespaces: Informer<NamedObject>;
  readonly #services: Informer<ServiceObject>;
  readonly #slices: Informer<EndpointSliceObject>;
  readonly #scope = new AsyncScope();
  #data: ZoneData = buildZone({ namespaces: [], services: [], slices: [] });
  #serial = Math.floor(systemClock.nowMs() / 1_000);
  #timer: Disposable | undefined;

  constructor(client: KubeClient, logger: Logger) {
    const watch = { client, logger, onChange: () => this.#changed() };
    this.#namespaces = this.#scope.use(watchObjects(RESOURCES.Namespace, watch));
    this.#services = this.#scope.use(watchObjects(RESOURCES.Service, watch));
    this.#slices = this.#scope.use(watchObjects(RESOURCES.EndpointSlice, watch));
  }

  get data(): ZoneData {
    return this.#data;
  }

  get serial(): number {
    return this.#serial;
  }

  async synced(): Promise<void> {
    const informers = [this.#namespaces, this.#services, this.#slices];
    await Promise.all(informers.map((informer) => informer.synced()));
    this.#build();
  }

  #changed(): void {
    this.#timer ??= systemClock.setTimer(SETTLE_MS, () => {
      this.#timer = undefined;
      this.#build();
    });
  }

  #build(): void {
    this.#data = buildZone({
      namespaces: this.#namespaces.list(),
      services: this.#services.list(),
      slices: this.#slices.list(),
    });
    this.#serial += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
    this.#timer?.[Symbol.dispose]();
  }
}
