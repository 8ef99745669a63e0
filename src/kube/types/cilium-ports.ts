/** Ports, ICMP types and what proxies are to decide, in rules of Cilium's policies. */
import { fqdnSelector } from "./cilium-peers.ts";
import {
  about,
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
  port: about(
    "A number, or the name that pods have for a port; 0 means any.",
    maybe(
      text({
        pattern:
          "^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$",
      }),
    ),
  ),
  endPort: about(
    "The last port of a range that begins with port.",
    maybe(integer({ format: "int32", minimum: 0, maximum: MAX_PORT })),
  ),
  protocol: about(
    "TCP, UDP, SCTP and so on; ANY, where none is said.",
    maybe(text({ enum: ["TCP", "UDP", "SCTP", "VRRP", "IGMP", "ANY"] })),
  ),
});
export type PortProtocol = Typed<typeof portProtocol>;

const secret = fields({
  namespace: about("Where the secret is.", maybe(text())),
  name: about("What it is called.", text()),
});

const tlsContext = fields({
  secret: about("The secret with the certificates.", secret),
  trustedCA: about("Which of its keys has the CA that the other end is checked by.", maybe(text())),
  certificate: about("Which of its keys has the certificate that is shown.", maybe(text())),
  privateKey: about("Which of its keys has that certificate's private key.", maybe(text())),
});
export type TlsContext = Typed<typeof tlsContext>;

const listener = fields({
  envoyConfig: about(
    "The resource that defines the listener.",
    fields({
      kind: about(
        "Of what kind it is.",
        maybe(text({ enum: ["CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig"] })),
      ),
      name: about("What it is called.", text({ minLength: 1 })),
    }),
  ),
  name: about("Which of its listeners.", text({ minLength: 1 })),
  priority: about(
    "Of several listeners for one port, the lowest number is taken.",
    maybe(integer({ minimum: 1, maximum: MAX_LISTENER_PRIORITY })),
  ),
});
export type ListenerRef = Typed<typeof listener>;

const headerMatch = fields({
  name: about("The header.", text({ minLength: 1 })),
  value: about("What it has to be.", maybe(text())),
  secret: about("A secret that has the value instead.", maybe(secret)),
  mismatch: about(
    "What to do with a request where it is something else; it is refused, where nothing is said.",
    maybe(text({ enum: ["LOG", "ADD", "DELETE", "REPLACE"] })),
  ),
});

const httpRule = fields({
  path: about("A regular expression for the whole path.", maybe(text())),
  method: about("A regular expression for the method.", maybe(text())),
  host: about("A regular expression for the host.", maybe(text({ format: "idn-hostname" }))),
  /** "Name" or "Name: value". */
  headers: about("Headers that a request has to have: Name, or Name: value.", maybe(list(text()))),
  headerMatches: about(
    "Headers that a request has to have, with more to say of each.",
    maybe(list(headerMatch)),
  ),
});
export type HttpRuleSpec = Typed<typeof httpRule>;

const kafkaRule = fields({
  role: about(
    "What a client may do with the topic: produce or consume.",
    maybe(text({ enum: ["produce", "consume"] })),
  ),
  apiKey: about("The name of one kind of request.", maybe(text())),
  apiVersion: about("The version of such requests.", maybe(text())),
  clientID: about("What clients call themselves.", maybe(text())),
  topic: about("The topic.", maybe(text({ maxLength: MAX_TOPIC }))),
});
export type KafkaRuleSpec = Typed<typeof kafkaRule>;

const l7Rules = fields(
  {
    http: about("Requests that are let through, of HTTP and gRPC.", maybe(list(httpRule))),
    kafka: about("Requests that are let through, of Kafka.", maybe(list(kafkaRule))),
    dns: about("Names that may be asked for.", maybe(list(fqdnSelector))),
    l7proto: about("Another protocol, which a parser of the proxy knows.", maybe(text())),
    l7: about("Keys and values for that parser.", maybe(list(dictionary(text())))),
  },
  { oneOf: ["http", "kafka", "dns", "l7proto"] },
);
export type L7RulesSpec = Typed<typeof l7Rules>;

const serverName = text({
  maxLength: MAX_SERVER_NAME,
  pattern: String.raw`^(\*?\*\.)?([-a-zA-Z0-9_]+\.?)+$`,
});

export const portRule = fields({
  ports: about("Ports and protocols.", maybe(list(portProtocol, { maxItems: MAX_PORTS_A_RULE }))),
  terminatingTLS: about(
    "How the proxy ends TLS of whoever connects, to look into it.",
    maybe(tlsContext),
  ),
  originatingTLS: about(
    "How the proxy begins TLS to where the connection goes.",
    maybe(tlsContext),
  ),
  serverNames: about(
    "Names that a client may ask for in TLS (SNI).",
    maybe(list(serverName, { minItems: 1, listType: "set" })),
  ),
  listener: about("The listener of the proxy that the traffic goes to.", maybe(listener)),
  rules: about("What of the traffic is let through.", maybe(l7Rules)),
});
export type PortRule = Typed<typeof portRule>;

export const portDenyRule = fields({
  ports: about("Ports and protocols.", maybe(list(portProtocol))),
});
export type PortDenyRule = Typed<typeof portDenyRule>;

/** The CRD's own list, less a blank that slipped into one of its names. */
const ICMP_TYPE =
  "^([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]|EchoReply|DestinationUnreachable|Redirect|Echo|RouterAdvertisement|RouterSelection|TimeExceeded|ParameterProblem|Timestamp|TimestampReply|Photuris|ExtendedEchoRequest|ExtendedEchoReply|PacketTooBig|EchoRequest|MulticastListenerQuery|MulticastListenerReport|MulticastListenerDone|RouterSolicitation|NeighborSolicitation|NeighborAdvertisement|RedirectMessage|RouterRenumbering|ICMPNodeInformationQuery|ICMPNodeInformationResponse|InverseNeighborDiscoverySolicitation|InverseNeighborDiscoveryAdvertisement|HomeAgentAddressDiscoveryRequest|HomeAgentAddressDiscoveryReply|MobilePrefixSolicitation|MobilePrefixAdvertisement|DuplicateAddressRequestCodeSuffix|DuplicateAddressConfirmationCodeSuffix)$";

const icmpField = fields({
  /** IPv4 where absent. */
  family: about("IPv4 or IPv6.", maybe(text({ enum: ["IPv4", "IPv6"], default: "IPv4" }))),
  type: about("The type, as a number or by its name.", integerOrText(ICMP_TYPE)),
});

export const icmpRule = fields({
  fields: about("Types of ICMP.", maybe(list(icmpField, { maxItems: MAX_ICMP_FIELDS_A_RULE }))),
});
export type IcmpRule = Typed<typeof icmpRule>;
