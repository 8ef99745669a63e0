/** Ports, ICMP types and what proxies are to decide, in rules of Cilium's policies. */
import { fqdnSelector } from "./cilium-peers.ts";
import {
  dictionary,
  fields,
  integer,
  integerOrText,
  list,
  MAX_PORT,
  maybe,
  text,
  type Typed,
} from "./schema.ts";

const MAX_PORTS_A_RULE = 40;
const MAX_ICMP_FIELDS_A_RULE = 40;
const MAX_SERVER_NAME = 255;
const MAX_TOPIC = 255;
const MAX_LISTENER_PRIORITY = 100;

const portProtocol = fields({
  port: maybe(
    text({
      pattern:
        "^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$",
    }),
  ),
  endPort: maybe(integer({ format: "int32", minimum: 0, maximum: MAX_PORT })),
  protocol: maybe(text({ enum: ["TCP", "UDP", "SCTP", "VRRP", "IGMP", "ANY"] })),
});
export type PortProtocol = Typed<typeof portProtocol>;

const secret = fields({ namespace: maybe(text()), name: text() });

const tlsContext = fields({
  secret,
  trustedCA: maybe(text()),
  certificate: maybe(text()),
  privateKey: maybe(text()),
});
export type TlsContext = Typed<typeof tlsContext>;

const listener = fields({
  envoyConfig: fields({
    kind: maybe(text({ enum: ["CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"] })),
    name: text({ minLength: 1 }),
  }),
  name: text({ minLength: 1 }),
  priority: maybe(integer({ minimum: 1, maximum: MAX_LISTENER_PRIORITY })),
});
export type ListenerRef = Typed<typeof listener>;

const headerMatch = fields({
  name: text({ minLength: 1 }),
  value: maybe(text()),
  secret: maybe(secret),
  mismatch: maybe(text({ enum: ["LOG", "ADD", "DELETE", "REPLACE"] })),
});

const httpRule = fields({
  path: maybe(text()),
  method: maybe(text()),
  host: maybe(text({ format: "idn-hostname" })),
  /** "Name" or "Name: value". */
  headers: maybe(list(text())),
  headerMatches: maybe(list(headerMatch)),
});
export type HttpRuleSpec = Typed<typeof httpRule>;

const kafkaRule = fields({
  role: maybe(text({ enum: ["produce", "consume"] })),
  apiKey: maybe(text()),
  apiVersion: maybe(text()),
  clientID: maybe(text()),
  topic: maybe(text({ maxLength: MAX_TOPIC })),
});
export type KafkaRuleSpec = Typed<typeof kafkaRule>;

const l7Rules = fields(
  {
    http: maybe(list(httpRule)),
    kafka: maybe(list(kafkaRule)),
    dns: maybe(list(fqdnSelector)),
    l7proto: maybe(text()),
    l7: maybe(list(dictionary(text()))),
  },
  { oneOf: ["http", "kafka", "dns", "l7proto"] },
);
export type L7RulesSpec = Typed<typeof l7Rules>;

const serverName = text({
  maxLength: MAX_SERVER_NAME,
  pattern: String.raw`^(\*?\*\.)?([-a-zA-Z0-9_]+\.?)+$`,
});

export const portRule = fields({
  ports: maybe(list(portProtocol, { maxItems: MAX_PORTS_A_RULE })),
  terminatingTLS: maybe(tlsContext),
  originatingTLS: maybe(tlsContext),
  serverNames: maybe(list(serverName, { minItems: 1, listType: "set" })),
  listener: maybe(listener),
  rules: maybe(l7Rules),
});
export type PortRule = Typed<typeof portRule>;

export const portDenyRule = fields({ ports: maybe(list(portProtocol)) });
export type PortDenyRule = Typed<typeof portDenyRule>;

/** The CRD's own list, less a blank that slipped into one of its names. */
const ICMP_TYPE =
  "^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|EchoReply|DestinationUnreachable|Redirect|Echo|RouterAdvertisement|RouterSelection|TimeExceeded|ParameterProblem|Timestamp|TimestampReply|Photuris|ExtendedEchoRequest|ExtendedEchoReply|PacketTooBig|EchoRequest|MulticastListenerQuery|MulticastListenerReport|MulticastListenerDone|RouterSolicitation|NeighborSolicitation|NeighborAdvertisement|RedirectMessage|RouterRenumbering|ICMPNodeInformationQuery|ICMPNodeInformationResponse|InverseNeighborDiscoverySolicitation|InverseNeighborDiscoveryAdvertisement|HomeAgentAddressDiscoveryRequest|HomeAgentAddressDiscoveryReply|MobilePrefixSolicitation|MobilePrefixAdvertisement|DuplicateAddressRequestCodeSuffix|DuplicateAddressConfirmationCodeSuffix)$";

const icmpField = fields({
  /** IPv4 where absent. */
  family: maybe(text({ enum: ["IPv4", "IPv6"], default: "IPv4" })),
  type: integerOrText(ICMP_TYPE),
});

export const icmpRule = fields({
  fields: maybe(list(icmpField, { maxItems: MAX_ICMP_FIELDS_A_RULE })),
});
export type IcmpRule = Typed<typeof icmpRule>;
