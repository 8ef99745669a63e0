/** Variables of containers, and where their values come from. */
import type { View } from "../view.ts";
import { configKey, dnsLabel, dnsSubdomain, environmentName } from "../words.ts";
import { validateFieldReference, validateResourceReference } from "./fields.ts";
import { validateNoBacksteps } from "./paths.ts";

const SOURCES = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
const NO_SOURCE =
  "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
const TWO_SOURCES = "may not have more than one field specified at a time";

export function validateEnvironment(container: View): void {
  for (const variable of container.at("env").items()) {
    const name = variable.at("name");
    if (name.text === "") name.required();
    else name.invalids(environmentName(name.text));
    const from = variable.at("valueFrom");
    if (from.isThere) validateSource(from, variable.at("value").text);
  }
  for (const each of container.at("envFrom").items()) validateMany(container.at("envFrom"), each);
}

function validateSource(from: View, value: string): void {
  const given = SOURCES.map((key) => from.at(key)).filter(({ isThere }) => isThere);
  for (const source of given) validateOne(source);
  if (given.length === 0) from.invalid(NO_SOURCE, "");
  else if (value !== "") from.invalid("may not be specified when `value` is not empty", "");
  else if (given.length > 1) from.invalid(TWO_SOURCES, "");
}

function validateOne(source: View): void {
  const kind = source.path.slice(source.path.lastIndexOf(".") + 1);
  if (kind === "fieldRef") validateFieldReference(source, false);
  else if (kind === "resourceFieldRef") validateResourceReference(source, false);
  else if (kind === "fileKeyRef") validateFileKey(source);
  else validateKey(source);
}

function validateKey(source: View): void {
  const [name, key] = [source.at("name"), source.at("key")];
  name.invalids(dnsSubdomain(name.text), name.text);
  if (key.text === "") key.required();
  else key.invalids(configKey(key.text));
}

function validateFileKey(source: View): void {
  const [key, volume, path] = [source.at("key"), source.at("volumeName"), source.at("path")];
  if (key.text === "") key.required();
  else key.invalids(environmentName(key.text));
  if (volume.text === "") volume.required();
  else volume.invalids(dnsLabel(volume.text));
  if (path.text === "") path.required();
  else validateNoBacksteps(path);
}

/** Every key of one object; what is wrong with the choice is told of at the list. */
function validateMany(list: View, from: View): void {
  const prefix = from.at("prefix");
  if (prefix.text !== "") prefix.invalids(environmentName(prefix.text));
  const given = ["configMapRef", "secretRef"]
    .map((key) => from.at(key))
    .filter(({ isThere }) => isThere);
  for (const reference of given) {
    const name = reference.at("name");
    if (name.text === "") name.required();
    else name.invalids(dnsSubdomain(name.text));
  }
  if (given.length === 0) list.invalid("must specify one of: `configMapRef` or `secretRef`", "");
  else if (given.length > 1) list.invalid(TWO_SOURCES, "");
}

/** Variables out of files: of a volume that the pod keeps for itself. */
export function validateFileKeyVolumes(spec: View): void {
  const volumes = new Map(
    spec
      .at("volumes")
      .items()
      .map((volume) => [volume.at("name").text, volume]),
  );
  for (const key of ["initContainers", "containers", "ephemeralContainers"]) {
    for (const container of spec.at(key).items()) {
      for (const variable of container.at("env").items()) {
        const name = variable.at("valueFrom", "fileKeyRef", "volumeName");
        if (!variable.at("valueFrom", "fileKeyRef").isThere) continue;
        const volume = volumes.get(name.text);
        if (volume === undefined) name.notFound();
        else if (!volume.at("emptyDir").isThere) {
          name.invalid("referenced volume must be of type emptyDir");
        }
      }
    }
  }
}
