/** Tokens of service accounts: JSON Web Tokens signed with the lab's service account key. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from "node:crypto";
import type { Clock } from "#base";
import { asRecord, at, numberAt, textAt } from "./json.ts";

export const ISSUER = "https://kubernetes.default.svc.cluster.local";

/** A token's life where a request names none. */
const DEFAULT_SECONDS = 3_600;
/** No client sends a longer one, and what is longer is not parsed. */
const MAX_TOKEN_LENGTH = 16 * 1024;

interface TokenSubject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** What the token ends with: a Pod, or a Secret. */
  readonly boundTo?: { readonly kind: string; readonly name: string; readonly uid: string };
}

interface IssuedToken {
  readonly token: string;
  readonly expirationTimestamp: string;
}

export interface TokenClaims {
  readonly subject: TokenSubject;
  readonly audiences: readonly string[];
  readonly id: string;
}

export class TokenIssuer {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #keyId: string;
  readonly #clock: Clock;

  constructor(privateKeyPem: string, clock: Clock) {
    this.#privateKey = createPrivateKey(privateKeyPem);
    this.#publicKey = createPublicKey(this.#privateKey);
    const der = this.#publicKey.export({ type: "spki", format: "der" });
    this.#keyId = createHash("sha256").update(der).digest("base64url");
    this.#clock = clock;
  }

  issue(subject: TokenSubject, audiences: readonly string[], seconds?: number): IssuedToken {
    const issuedAt = Math.floor(this.#clock.nowMs() / 1_000);
    const expiresAt = issuedAt + (seconds ?? DEFAULT_SECONDS);
    const { namespace, name, uid, boundTo } = subject;
    const bound = boundTo && {
      [boundTo.kind.toLowerCase()]: { name: boundTo.name, uid: boundTo.uid },
    };
    const claims = {
      aud: audiences.length === 0 ? [ISSUER] : audiences,
      exp: expiresAt,
      iat: issuedAt,
      iss: ISSUER,
      jti: randomUUID(),
      "kubernetes.io": { namespace, ...bound, serviceaccount: { name, uid } },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${name}`,
    };
    const expirationTimestamp = new Date(expiresAt * 1_000).toISOString().replace(/\.\d+/, "");
    return { token: this.#sign(claims), expirationTimestamp };
  }

  /** Undefined where the token is none, not ours, or not valid now. */
  check(token: string): TokenClaims | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const [header = "", payload = "", signature = "", more] = token.split(".");
    if (more !== undefined || this.#parse(header)?.["alg"] !== this.#algorithm) return undefined;
    if (!this.#isSigned(`${header}.${payload}`, Buffer.from(signature, "base64url"))) {
      return undefined;
    }
    const claims = this.#parse(payload);
    const now = this.#clock.nowMs() / 1_000;
    const isNow =
      now < (numberAt(claims, "exp") ?? 0) && now >= (numberAt(claims, "nbf") ?? Infinity) - 60;
    if (claims === undefined || !isNow || claims["iss"] !== ISSUER) return undefined;
    return claimsOf(claims);
  }

  /** What others need to check tokens: /openid/v1/jwks. */
  keySet(): object {
    const jwk = this.#publicKey.export({ format: "jwk" });
    return { keys: [{ use: "sig", ...jwk, kid: this.#keyId, alg: this.#algorithm }] };
  }

  get #algorithm(): "ES256" | "RS256" {
    return this.#privateKey.asymmetricKeyType === "ec" ? "ES256" : "RS256";
  }

  #sign(claims: object): string {
    const text = [{ alg: this.#algorithm, kid: this.#keyId }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const signature = sign("sha256", Buffer.from(text), {
      key: this.#privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return `${text}.${signature.toString("base64url")}`;
  }

  #isSigned(text: string, signature: Buffer): boolean {
    const key = { key: this.#publicKey, dsaEncoding: "ieee-p1363" } as const;
    return verify("sha256", Buffer.from(text), key, signature);
  }

  #parse(part: string): Record<string, unknown> | undefined {
    try {
      return asRecord(JSON.parse(Buffer.from(part, "base64url").toString("utf8")));
    } catch {
      return undefined;
    }
  }
}

function claimsOf(claims: Record<string, unknown>): TokenClaims {
  const own = at(claims, "kubernetes.io");
  const kind = asRecord(at(own, "pod")) === undefined ? "Secret" : "Pod";
  const bound = asRecord(at(own, kind.toLowerCase()));
  const audiences = claims["aud"];
  return {
    subject: {
      namespace: textAt(own, "namespace"),
      name: textAt(own, "serviceaccount", "name"),
      uid: textAt(own, "serviceaccount", "uid"),
      ...(bound && { boundTo: { kind, name: textAt(bound, "name"), uid: textAt(bound, "uid") } }),
    },
    audiences: Array.isArray(audiences) ? audiences.map(String) : [String(audiences)],
    id: textAt(claims, "jti"),
  };
}
