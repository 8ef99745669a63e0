/** The most characters of a label's name and value, and of the prefix before the name's `/`. */
const MAX_NAME = 63;
const MAX_PREFIX = 253;

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

const NAME_RULE =
  "letters, digits, '-', '_' and '.' only, beginning and ending with a letter or digit";

/** What is wrong with a label's key, such as `app.kubernetes.io/name`; undefined: nothing. */
export function keyFault(key: string): string | undefined {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (name.includes("/")) return "has one '/' at most, after a DNS name";
  if (prefix !== undefined) {
    const fault = prefixFault(prefix);
    if (fault !== undefined) return fault;
  }
  if (name === "") return "has no name";
  if (name.length > MAX_NAME) return `has a name of more than ${MAX_NAME} characters`;
  return NAME.test(name) ? undefined : `has a name of ${NAME_RULE}`;
}

/** What is wrong with a label's value; undefined: nothing. */
export function valueFault(value: string): string | undefined {
  if (value.length > MAX_NAME) return `has at most ${MAX_NAME} characters`;
  return value === "" || NAME.test(value) ? undefined : `has ${NAME_RULE}`;
}

function prefixFault(prefix: string): string | undefined {
  if (prefix === "") return "has nothing before its '/'";
  if (prefix.length > MAX_PREFIX) return `has a prefix of more than ${MAX_PREFIX} characters`;
  return prefix.split(".").every((part) => DNS_LABEL.test(part))
    ? undefined
    : "has a prefix that is a DNS name in lower case";
}
