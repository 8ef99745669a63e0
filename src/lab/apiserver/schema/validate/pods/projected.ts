/** Volumes of several sources. */
import type { View } from "../view.ts";
import { validateDownwardFile } from "./fields.ts";
import { validateKeyToPath, validateLocalPath, validateMode } from "./paths.ts";

const TOKEN_MIN_SECONDS = 10 * 60;
const TOKEN_MAX_SECONDS = 2 ** 32;
const KINDS = [
  "secret",
  "configMap",
  "downwardAPI",
  "serviceAccountToken",
  "clusterTrustBundle",
  "podCertificate",
];

export function validateProjected(volume: View): void {
  validateMode(volume.at("defaultMode"));
  const paths = new Set<string>();
  const take = (path: string, owner: string): void => {
    if (path === "") return;
    if (paths.has(path)) volume.invalid("conflicting duplicate paths", owner);
    paths.add(path);
  };
  for (const source of volume.at("sources").items()) validateSource(volume, source, take);
}

function validateSource(
  volume: View,
  source: View,
  take: (path: string, owner: string) => void,
): void {
  for (const kind of ["secret", "configMap"]) {
    const keys = source.at(kind);
    if (!keys.isThere) continue;
    const name = keys.at("name");
    if (name.text === "") name.required();
    for (const item of keys.at("items").items()) {
      validateKeyToPath(item);
      take(item.at("path").text, name.text);
    }
  }
  const downward = source.at("downwardAPI");
  for (const file of downward.at("items").items()) {
    validateDownwardFile(downward, file);
    take(file.at("path").text, file.at("path").text);
  }
  const token = source.at("serviceAccountToken");
  if (token.isThere) validateToken(volume, token);
  if (KINDS.filter((kind) => source.at(kind).isThere).length > 1) {
    source.forbidden("may not specify more than 1 volume type per source");
  }
}

function validateToken(volume: View, token: View): void {
  const seconds = token.at("expirationSeconds");
  if (seconds.number < TOKEN_MIN_SECONDS) {
    seconds.invalid("may not specify a duration less than 10 minutes");
  }
  if (seconds.number > TOKEN_MAX_SECONDS) {
    seconds.invalid("may not specify a duration larger than 2^32 seconds");
  }
  // Its path is told of at the volume.
  const path = token.at("path");
  if (path.text === "") volume.at("path").required();
  else validateLocalPath(path, volume.at("path"));
}
