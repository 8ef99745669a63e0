/** What a proxy sees of one request, as far as rules can ask. */
import { quote } from "#base";

export interface HttpRequest {
  readonly kind: "http";
  readonly method: string;
  /** As on the wire: with the query, if there is one. */
  readonly path: string;
  /** The Host header, or HTTP/2's `:authority`. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface DnsRequest {
  readonly kind: "dns";
  readonly name: string;
}

export interface KafkaRequest {
  readonly kind: "kafka";
  readonly apiKey: number;
  readonly apiVersion?: number;
  readonly clientId?: string;
  readonly topic?: string;
}

/** Of a parser of one's own (`l7proto`): keys and values as the parser names them. */
interface GenericRequest {
  readonly kind: "generic";
  readonly fields: Readonly<Record<string, string>>;
}

export type L7Request = HttpRequest | DnsRequest | KafkaRequest | GenericRequest;

/** For sentences: `GET "/users"`, `the name "example.org"`. */
export function describeRequest(request: L7Request): string {
  switch (request.kind) {
    case "http": {
      const host = request.host === undefined ? "" : ` of host ${quote(request.host)}`;
      return `${request.method} ${quote(request.path)}${host}`;
    }
    case "dns":
      return `a DNS query for ${quote(request.name)}`;
    case "kafka": {
      const topic = request.topic === undefined ? "" : ` on topic ${quote(request.topic)}`;
      return `a Kafka request with API key ${request.apiKey}${topic}`;
    }
    case "generic":
      break;
  }
  return `a request with ${quote(JSON.stringify(request.fields))}`;
}
