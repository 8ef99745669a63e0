/** The extensions of RFC 5280 that the lab's certificates have. */
import { createHash } from "node:crypto";
import { assert, IpAddress } from "#base";
import { bitString, boolean, implicit, objectIdentifier, octetString, sequence } from "./der.ts";

const Oid = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
} as const;

const PURPOSES = {
  server: "1.3.6.1.5.5.7.3.1",
  client: "1.3.6.1.5.5.7.3.2",
} as const;

/** What a certificate may be used for. */
export type Purpose = keyof typeof PURPOSES;

/** Bits of KeyUsage in their order, from the first. */
const KeyUsage = { digitalSignature: 0, certificateSign: 5, crlSign: 6 } as const;
/** Tags of GeneralName. */
const GeneralName = { dns: 2, ip: 7 } as const;

function extension(oid: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectIdentifier(oid), ...critical, octetString(value));
}

function keyUsage(...bits: readonly number[]): Uint8Array {
  const byte = bits.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  // DER leaves zeros at the end of a list of named bits away.
  return extension(Oid.keyUsage, true, bitString(Uint8Array.of(byte), 7 - Math.max(...bits)));
}

/** By which one finds a key: of the key as the certificate holds it. */
export function keyIdentifier(publicKey: Uint8Array): Uint8Array {
  return createHash("sha256").update(publicKey).digest().subarray(0, 20);
}

function keyIdentifiers(own: Uint8Array, authority: Uint8Array): Uint8Array[] {
  return [
    extension(Oid.subjectKeyIdentifier, false, octetString(own)),
    extension(Oid.authorityKeyIdentifier, false, sequence(implicit(0, authority))),
  ];
}

export function authorityExtensions(own: Uint8Array): Uint8Array[] {
  return [
    extension(Oid.basicConstraints, true, sequence(boolean(true))),
    keyUsage(KeyUsage.digitalSignature, KeyUsage.certificateSign, KeyUsage.crlSign),
    ...keyIdentifiers(own, own),
  ];
}

interface LeafExtensions {
  readonly purposes: readonly Purpose[];
  /** DNS names, "*.example.com" among them, and addresses. */
  readonly names: readonly string[];
  readonly own: Uint8Array;
  readonly authority: Uint8Array;
}

export function leafExtensions({ purposes, names, own, authority }: LeafExtensions): Uint8Array[] {
  const uses = purposes.map((purpose) => objectIdentifier(PURPOSES[purpose]));
  return [
    extension(Oid.basicConstraints, true, sequence()),
    keyUsage(KeyUsage.digitalSignature),
    extension(Oid.extendedKeyUsage, false, sequence(...uses)),
    ...keyIdentifiers(own, authority),
    ...(names.length === 0 ? [] : [alternativeNames(names)]),
  ];
}

function alternativeNames(names: readonly string[]): Uint8Array {
  const encoded = names.map((name) => {
    const address = IpAddress.tryParse(name);
    if (address !== undefined) return implicit(GeneralName.ip, address.wireBytes);
    assert(/^[\x21-\x7e]+$/.test(name), "a DNS name in a certificate is ASCII");
    return implicit(GeneralName.dns, Buffer.from(name, "latin1"));
  });
  return extension(Oid.subjectAlternativeName, false, sequence(...encoded));
}
