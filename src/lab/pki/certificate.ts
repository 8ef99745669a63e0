/**
 * Certificates: an authority, and what it signs, for the lab's API server, its clients, and the
 * hosts of the little internet. Node reads X.509 and cannot write it; this is the writer. Keys are
 * ECDSA on P-256.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { X509Certificate } from "node:crypto";
import { assert, type Clock } from "#base";
import {
  bitString,
  explicit,
  objectIdentifier,
  sequence,
  setOf,
  smallInteger,
  time,
  unsignedInteger,
  utf8String,
} from "./der.ts";
import { authorityExtensions, keyIdentifier, leafExtensions, type Purpose } from "./extensions.ts";

const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
/** Certificates hold from a little earlier than now, for clocks that are a little slow. */
const SLACK_MS = 5 * 60 * 1000;
/** RFC 5280 allows 20 bytes; more than half of that is not guessed. */
const SERIAL_BYTES = 16;
const VERSION_3 = 2;

const Oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

/** A certificate and the key that it is about, as PEM; the key as PKCS #8. */
export interface KeyAndCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What an X.509 name says of somebody; Kubernetes takes it for user and groups. */
interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface CertificateRequest {
  readonly subject: Subject;
  /** DNS names, wildcards among them, and addresses for which it speaks. */
  readonly names?: readonly string[];
  readonly purposes: readonly Purpose[];
  readonly clock: Clock;
  /** How long it holds; a year without it. */
  readonly days?: number;
}

/** A key of P-256, which is made in less than a millisecond, as PEM. */
export function generateKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

/** A certificate that signs itself and others. */
export function createAuthority(commonName: string, clock: Clock): KeyAndCertificate {
  const { privateKey: key } = generateKey();
  const signer = createPrivateKey(key);
  const publicKey = publicKeyOf(signer);
  const name = distinguishedName({ commonName });
  const certificate = signCertificate(signer, {
    issuer: name,
    subject: name,
    publicKey,
    days: AUTHORITY_DAYS,
    clock,
    extensions: authorityExtensions(keyIdentifier(publicKey)),
  });
  return { certificate, key };
}

/** A new key, with a certificate signed by an authority of `createAuthority`. */
export function issueCertificate(
  authority: KeyAndCertificate,
  request: CertificateRequest,
): KeyAndCertificate {
  const { subject, names = [], purposes, days = LEAF_DAYS, clock } = request;
  const { privateKey: key } = generateKey();
  const publicKey = publicKeyOf(createPrivateKey(key));
  const signer = createPrivateKey(authority.key);
  const certificate = signCertificate(signer, {
    issuer: distinguishedName({ commonName: authorityName(authority) }),
    subject: distinguishedName(subject),
    publicKey,
    days,
    clock,
    extensions: leafExtensions({
      purposes,
      names,
      own: keyIdentifier(publicKey),
      authority: keyIdentifier(publicKeyOf(signer)),
    }),
  });
  return { certificate, key };
}

function authorityName(authority: KeyAndCertificate): string {
  const { subject } = new X509Certificate(authority.certificate);
  assert(/^CN=[^\n]+$/.test(subject), "an authority of the lab has a common name and no more");
  return subject.slice("CN=".length);
}

function publicKeyOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

function distinguishedName({ commonName, organizations = [] }: Subject): Uint8Array {
  const attribute = (oid: string, value: string): Uint8Array =>
    setOf(sequence(objectIdentifier(oid), utf8String(value)));
  return sequence(
    ...organizations.map((name) => attribute(Oid.organization, name)),
    attribute(Oid.commonName, commonName),
  );
}

interface ToBeSigned {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly days: number;
  readonly clock: Clock;
  readonly extensions: readonly Uint8Array[];
}

/** Certificate and TBSCertificate of RFC 5280 4.1, as PEM. */
function signCertificate(signer: KeyObject, what: ToBeSigned): string {
  const nowMs = what.clock.nowMs();
  const algorithm = sequence(objectIdentifier(Oid.ecdsaWithSha256));
  const body = sequence(
    explicit(0, smallInteger(VERSION_3)),
    unsignedInteger(randomBytes(SERIAL_BYTES)),
    algorithm,
    what.issuer,
    sequence(time(new Date(nowMs - SLACK_MS)), time(new Date(nowMs + what.days * DAY_MS))),
    what.subject,
    what.publicKey,
    explicit(3, sequence(...what.extensions)),
  );
  const signature = sign("sha256", body, signer);
  return pem("CERTIFICATE", sequence(body, algorithm, bitString(signature)));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
