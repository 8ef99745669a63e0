import { join } from "node:path";
import { IpAddress } from "#base";
import { DNS_CLASS_INTERNET, DnsResponseCode, DnsType } from "#packet";
import { runScripts } from "#test";
import type { EndpointSliceObject, ServiceObject } from "../objects.ts";
import { answerFromZone } from "./answers.ts";
import { type DnsRecord, encodeQuery, parseQuery } from "./message.ts";
import { buildZone } from "./zone.ts";

const service = (name: string, spec: ServiceObject["spec"], namespace = "shop"): ServiceObject => ({
  metadata: { name, namespace },
  ...(spec && { spec }),
});

const slice = (
  name: string,
  endpoints: EndpointSliceObject["endpoints"],
  port: { readonly name: string; readonly port: number },
  namespace = "shop",
): EndpointSliceObject => ({
  metadata: {
    name: `${name}-abcde`,
    namespace,
    labels: { "kubernetes.io/service-name": name },
  },
  addressType: "IPv4",
  endpoints: endpoints ?? [],
  ports: [{ ...port, protocol: "TCP" }],
});

const HTTP = { name: "http", port: 80 };
const METRICS = { name: "metrics", port: 9_090 };
const zone = buildZone({
  namespaces: ["shop", "kube-system", "default"].map((name) => ({ metadata: { name } })),
  services: [
    service("web", {
      clusterIP: "10.201.0.5",
      clusterIPs: ["10.201.0.5", "fd32:1::5"],
      ports: [HTTP, METRICS],
    }),
    service("dns", { clusterIP: "10.201.0.10", ports: [] }, "kube-system"),
    service("doubled", {
      clusterIP: "10.201.0.6",
      ports: [HTTP, METRICS, { ...HTTP, name: "quic", protocol: "UDP" }],
    }),
    service("db", { clusterIP: "None", ports: [{ name: "pg", port: 5_432 }] }),
    service("empty", { clusterIP: "None", ports: [{ name: "pg", port: 5_432 }] }),
    service("payments", { type: "ExternalName", externalName: "api.Stripe.com." }),
  ],
  slices: [
    slice("dns", [{ addresses: ["10.101.9.53"] }], { name: "dns", port: 53 }, "kube-system"),
    slice("web", [{ addresses: ["10.101.1.2"] }], { name: "http", port: 8_080 }),
    slice(
      "db",
      [
        { addresses: ["10.101.1.7"], hostname: "db-0", conditions: { ready: true } },
        { addresses: ["10.101.1.8"], conditions: {} },
        { addresses: ["10.101.1.9"], hostname: "db-9", conditions: { ready: false } },
      ],
      { name: "pg", port: 5_432 },
    ),
  ],
});

const SELF = [IpAddress.parse("10.101.9.53")];
const SETTINGS = { domain: "cluster.local", ttlSeconds: 30, serial: 7, self: SELF };

function show(record: DnsRecord): string {
  const { name, ttlSeconds, type, ...data } = record;
  const words = Object.values(data).map((value: unknown) =>
    value instanceof Uint8Array ? IpAddress.fromBytes(value).key : String(value),
  );
  return `${name} ${ttlSeconds} ${type} ${words.join(" ")}`;
}

function ask([name = "", type = ""]: string[]): string {
  const number = DnsType[type as keyof typeof DnsType];
  const query = parseQuery(encodeQuery(name, number));
  const answer = answerFromZone({ ...query, class: DNS_CLASS_INTERNET }, zone, SETTINGS);
  if (answer === undefined) return `${name}: not ours`;
  const [code] = Object.entries(DnsResponseCode).find(([, each]) => each === answer.code) ?? [];
  const { answers, authority, additional } = answer;
  return [
    `${name}: ${code}`,
    ...answers.map((record) => `  ${show(record)}`),
    ...authority.map((record) => `  authority: ${show(record)}`),
    ...additional.map((record) => `  additional: ${show(record)}`),
  ].join("\n");
}

runScripts(join(import.meta.dirname, "testdata"), () => ({ commands: { ask } }));
