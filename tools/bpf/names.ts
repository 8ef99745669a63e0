/** `counter_key` as TypeScript names a type: `CounterKey`. */
export function typeName(name: string): string {
  const camel = memberName(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** `source_port` as TypeScript names a member: `sourcePort`. */
export function memberName(name: string): string {
  return name
    .replace(/^_+|_+$/g, "")
    .replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** `DIRECTION_INGRESS` of `enum direction`: `ingress`. */
export function enumeratorName(enumName: string, name: string): string {
  const prefix = `${enumName.toUpperCase()}_`;
  const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const member = memberName(own.toLowerCase());
  return /^\d/.test(member) ? `_${member}` : member;
}

/** Padding that a program names because C leaves its bytes to chance: zero, and nobody's business. */
export function isPadding(name: string): boolean {
  return /^(?:unused|padding)\d*$/.test(name);
}
