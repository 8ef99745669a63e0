import { assert } from "#base";

/** Where the objects of a resource are; a key without a namespace is a cluster-wide object's. */
interface KeyParts {
  /** Empty for the core group. */
  group: string;
  plural: string;
  namespace?: string | undefined;
  name: string;
}

const ROOT = "/registry";
/** What LMDB can hold as a key, less what its encoding may add. */
const MAX_KEY_LENGTH = 1_900;

/** `/registry/GROUP/PLURAL/NAMESPACE/NAME`, or `/registry/GROUP/PLURAL/NAME`. */
export function objectKey({ group, plural, namespace, name }: KeyParts): string {
  const key = `${listPrefix(group, plural, namespace)}${segment(name)}`;
  assert(key.length <= MAX_KEY_LENGTH, "names are checked before they are stored");
  return key;
}

/** The prefix of all objects of a resource, or of those in one namespace: for `list`, `watch`. */
export function listPrefix(group: string, plural: string, namespace?: string): string {
  const prefix = `${ROOT}/${segment(group === "" ? "core" : group)}/${segment(plural)}/`;
  return namespace === undefined ? prefix : `${prefix}${segment(namespace)}/`;
}

function segment(text: string): string {
  assert(text !== "" && !text.includes("/"), "parts of keys are checked before they are stored");
  return text;
}
