/** YAML of plain values, for people to paste: only what suggestions are made of. */

export type Plain =
  | string
  | number
  | boolean
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Texts that YAML reads as what they are. The rest is quoted, as JSON, which YAML is too. */
const BARE = /^[A-Za-z_/][-A-Za-z0-9_./]*$/;
const NOT_TEXT = /^(?:true|false|yes|no|on|off|y|n|null)$/i;

export function yamlText(value: Plain): string {
  return `${lines(value).join("\n")}\n`;
}

function lines(value: Plain): string[] {
  if (isList(value)) {
    if (value.length === 0) return ["[]"];
    return value.flatMap((item) => {
      const [first = "", ...rest] = lines(item);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  if (typeof value !== "object") return [scalar(value)];
  const entries = Object.entries(value);
  if (entries.length === 0) return ["{}"];
  return entries.flatMap(([key, item]) => {
    const below = lines(item);
    const isFlat = typeof item !== "object" || below[0] === "[]" || below[0] === "{}";
    if (isFlat) return [`${scalar(key)}: ${below[0] ?? ""}`];
    return [`${scalar(key)}:`, ...below.map((line) => `  ${line}`)];
  });
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

function scalar(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  return BARE.test(value) && !NOT_TEXT.test(value) ? value : JSON.stringify(value);
}
