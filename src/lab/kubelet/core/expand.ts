/**
 * Replaces `$(NAME)` by the value of a variable. `$$` is a dollar sign, and a name that nobody
 * knows stays as it is written.
 */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  let result = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character !== "$" || at + 1 >= text.length) {
      result += character;
      continue;
    }
    const next = text.charAt(at + 1);
    if (next === "$") {
      result += "$";
      at += 1;
      continue;
    }
    const end = next === "(" ? text.indexOf(")", at + 2) : -1;
    if (end < 0) {
      result += character;
      continue;
    }
    const name = text.slice(at + 2, end);
    result += valueOf(name) ?? `$(${name})`;
    at = end;
  }
  return result;
}
