/** ConfigMaps and Secrets. */
import { asText, sameJson } from "../node.ts";
import { jsonSyntaxError } from "../json-syntax.ts";
import { validateUnchanged } from "./metadata.ts";
import type { View } from "./view.ts";
import { configKey } from "./words.ts";

const CONFIG_MAX_BYTES = 1024 * 1024;
const IMMUTABLE = "field is immutable when `immutable` is set";

function bytesOf(bag: View, isBase64: boolean): number {
  let bytes = 0;
  for (const [, value] of bag.entries()) {
    const text = asText(value);
    bytes += isBase64 ? Buffer.byteLength(text, "base64") : Buffer.byteLength(text);
  }
  return bytes;
}

export function validateConfigMap(object: View): void {
  const [texts, binary] = [object.at("data"), object.at("binaryData")];
  for (const [name] of texts.entries()) {
    texts.key(name).invalids(configKey(name), name);
    if (binary.key(name).isThere) {
      texts.key(name).invalid("duplicate of key present in binaryData", name);
    }
  }
  for (const [name] of binary.entries()) binary.key(name).invalids(configKey(name), name);
  const bytes = bytesOf(texts, false) + bytesOf(binary, true);
  // How the API server names the whole object.
  if (bytes > CONFIG_MAX_BYTES) object.as("[]").tooLong(CONFIG_MAX_BYTES);
}

/** The keys that Secrets of a type have; of some one is enough. */
const NEEDED: Readonly<Record<string, { keys: readonly string[]; isAnyEnough?: boolean }>> = {
  "kubernetes.io/tls": { keys: ["tls.crt", "tls.key"] },
  "kubernetes.io/dockercfg": { keys: [".dockercfg"] },
  "kubernetes.io/dockerconfigjson": { keys: [".dockerconfigjson"] },
  "kubernetes.io/basic-auth": { keys: ["username", "password"], isAnyEnough: true },
  "kubernetes.io/ssh-auth": { keys: ["ssh-privatekey"] },
};
const JSON_TYPES = new Set(["kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"]);

export function validateSecret(object: View): void {
  const data = object.at("data");
  for (const [name] of data.entries()) data.key(name).invalids(configKey(name), name);
  if (bytesOf(data, true) > CONFIG_MAX_BYTES) data.tooLong(CONFIG_MAX_BYTES);
  const type = object.at("type").text;
  if (type === "kubernetes.io/service-account-token") {
    object.at("metadata", "annotations").key("kubernetes.io/service-account.name").needText();
  }
  const { keys, isAnyEnough = false } = NEEDED[type] ?? { keys: [] };
  const missing = keys.filter((key) => !data.key(key).isThere);
  if (!isAnyEnough || missing.length === keys.length) {
    for (const key of missing) data.key(key).required();
  }
  if (!JSON_TYPES.has(type)) return;
  for (const key of keys) if (data.key(key).isThere) validateJson(data.key(key));
}

function validateJson(value: View): void {
  const why = jsonSyntaxError(Buffer.from(value.text, "base64").toString());
  if (why !== undefined) value.invalid(why, "<secret contents redacted>");
}

export function validateImmutable(object: View, old: View): void {
  if (old.at("immutable").value !== true) return;
  if (object.at("immutable").value !== true) object.at("immutable").forbidden(IMMUTABLE);
  for (const key of ["data", "binaryData"]) {
    if (!sameJson(object.at(key).value ?? {}, old.at(key).value ?? {})) {
      object.at(key).forbidden(IMMUTABLE);
    }
  }
}

export function validateSecretChange(object: View, old: View): void {
  validateUnchanged(object.at("type"), old.at("type"));
  validateImmutable(object, old);
}
