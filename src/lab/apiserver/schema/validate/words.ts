// Checks of texts. Each answers what is wrong in the API server's words; nothing where it is right.
const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const SEARCH_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
const SEARCH = `${SEARCH_LABEL}(\\.${SEARCH_LABEL})*`;
const DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const ENVIRONMENT = /^[ -<>-~]+$/;
const CONFIG_KEY = "[-._a-zA-Z0-9]+";
const HEADER = "[-A-Za-z0-9]+";

const LABEL_MAX = 63;
const SUBDOMAIN_MAX = 253;
const PORT_NAME_MAX = 15;
const PORT_MAX = 65_535;

const compiled = new Map<string, RegExp>();

/** Longer texts fit nothing here, and cost time. */
const MATCHED_MAX = 1_024;

function matches(pattern: string, text: string): boolean {
  if (text.length > MATCHED_MAX) return false;
  const regex = compiled.get(pattern) ?? new RegExp(`^(?:${pattern})$`);
  compiled.set(pattern, regex);
  return regex.test(text);
}

const LABEL_WORDS =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const SEARCH_WORDS =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const WILDCARD_WORDS =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const DNS_1035_WORDS =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
const QUALIFIED_WORDS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const LABEL_VALUE_WORDS =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

function example(words: string, pattern: string, ...examples: readonly string[]): string {
  const list = examples.map((each) => `'${each}', `).join(" or ");
  return `${words} (e.g. ${list}regex used for validation is '${pattern}')`;
}

const tooLong = (most: number): string => `must be no more than ${most} characters`;
/** The API server counts one and the same by two names. */
const tooLongInBytes = (most: number): string => `must be no more than ${most} bytes`;

export function dnsLabel(text: string): string[] {
  const long = text.length > LABEL_MAX ? [tooLong(LABEL_MAX)] : [];
  if (matches(LABEL, text)) return long;
  // Dots are what people put in most often.
  if (matches(SUBDOMAIN, text)) return [...long, "must not contain dots"];
  return [...long, example(LABEL_WORDS, LABEL, "my-name", "123-abc")];
}

export function dnsSubdomain(text: string): string[] {
  return subdomain(text, tooLong);
}

function subdomainInBytes(text: string): string[] {
  return subdomain(text, tooLongInBytes);
}

function subdomain(text: string, long: (most: number) => string): string[] {
  const words = text.length > SUBDOMAIN_MAX ? [long(SUBDOMAIN_MAX)] : [];
  if (matches(SUBDOMAIN, text)) return words;
  return [...words, example(SUBDOMAIN_WORDS, SUBDOMAIN, "example.com")];
}

/** A host with `*.` before it. */
export function wildcardSubdomain(text: string): string[] {
  const long = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (matches(WILDCARD, text)) return long;
  return [...long, example(WILDCARD_WORDS, WILDCARD, "*.example.com")];
}

/** A name that says whose it is: `acme.io/foo`. */
export function domainPrefixedPath(text: string): string[] {
  const at = text.indexOf("/");
  const [domain, path] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (domain === "" || path === "") {
    return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  }
  const words = dnsSubdomain(domain);
  return matches(HTTP_PATH, path) ? words : [...words, example("Invalid path", HTTP_PATH)];
}

/** A host's whole name. */
export function fullDomain(text: string): string[] {
  const name = text.replace(/\.$/, "");
  const words = dnsSubdomain(name);
  if (words.length > 0) return [words.join(",")];
  const labels = name.split(".");
  if (labels.length < 2) {
    return ["should be a domain with at least two segments separated by dots"];
  }
  return labels.flatMap((label) => dnsLabel(label)).slice(0, 1);
}

/** Where a resolver looks: names may have underscores there. */
export function searchDomain(text: string): string[] {
  const long = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (matches(SEARCH, text)) return long;
  return [...long, example(SEARCH_WORDS, SEARCH, "example.com")];
}

export function dns1035Label(text: string): string[] {
  const long = text.length > LABEL_MAX ? [tooLong(LABEL_MAX)] : [];
  if (matches(DNS_1035, text)) return long;
  return [...long, example(DNS_1035_WORDS, DNS_1035, "my-name", "abc-123")];
}

/** What a name in a path may be: of roles, which have colons. */
export function pathSegment(text: string): string[] {
  if (text === "." || text === "..") return [`may not be '${text}'`];
  return ["/", "%"]
    .filter((each) => text.includes(each))
    .map((each) => `may not contain '${each}'`);
}

/** A label's key: a name, with a DNS subdomain before a slash or not. */
export function qualifiedName(text: string): string[] {
  const parts = text.split("/");
  const words: string[] = [];
  const name = parts.at(-1) ?? "";
  const syntax = example(QUALIFIED_WORDS, QUALIFIED, "MyName", "my.name", "123-abc");
  if (parts.length > 2) {
    return [
      `a valid label key ${syntax} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? "";
    if (prefix === "") words.push("prefix part must be non-empty");
    else words.push(...subdomainInBytes(prefix).map((each) => `prefix part ${each}`));
  }
  if (name === "") words.push("name part must be non-empty");
  else if (name.length > LABEL_MAX) words.push(`name part ${tooLongInBytes(LABEL_MAX)}`);
  if (!matches(QUALIFIED, name)) words.push(`name part ${syntax}`);
  return words;
}

export function labelValue(text: string): string[] {
  const long = text.length > LABEL_MAX ? [tooLongInBytes(LABEL_MAX)] : [];
  const pattern = `(${QUALIFIED})?`;
  if (matches(pattern, text)) return long;
  return [...long, example(LABEL_VALUE_WORDS, pattern, "MyValue", "my_value", "12345")];
}

export function configKey(text: string): string[] {
  const long = text.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (!matches(CONFIG_KEY, text)) {
    const words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    return [...long, example(words, CONFIG_KEY, "key.name", "KEY_NAME", "key-name")];
  }
  if (text === "." || text === "..") return [...long, `must not be '${text}'`];
  return text.startsWith("..") ? [...long, "must not start with '..'"] : long;
}

export function environmentName(text: string): string[] {
  if (ENVIRONMENT.test(text)) return [];
  return [
    "a valid environment variable name must consist only of printable ASCII characters other than '='",
  ];
}

export function headerName(text: string): string[] {
  if (matches(HEADER, text)) return [];
  const words = "a valid HTTP header must consist of alphanumeric characters or '-'";
  return [example(words, HEADER, "X-Header-Name")];
}

export function portNumber(port: number): string[] {
  return between(port, 1, PORT_MAX);
}

export function between(value: number, least: number, most: number): string[] {
  return value >= least && value <= most ? [] : [`must be between ${least} and ${most}, inclusive`];
}

export function portName(text: string): string[] {
  const words: string[] = [];
  if (text.length > PORT_NAME_MAX) words.push(tooLong(PORT_NAME_MAX));
  if (!/^[-a-z0-9]+$/.test(text)) {
    words.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(text)) words.push("must contain at least one letter (a-z)");
  if (text.includes("--")) words.push("must not contain consecutive hyphens");
  if (text.startsWith("-") || text.endsWith("-")) {
    words.push("must not begin or end with a hyphen");
  }
  return words;
}

export function percent(text: string): string[] {
  if (matches("[0-9]+%", text)) return [];
  const words = "a valid percent string must be a numeric string followed by an ending '%'";
  return [example(words, "[0-9]+%", "1%", "93%")];
}

/** Of a kind, which is checked in lower case. */
export const mayBeMixed = (words: string): string =>
  `may have mixed case, but should otherwise match: ${words}`;
