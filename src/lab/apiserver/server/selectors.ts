/** Selectors of fields: `status.phase=Running,metadata.name!=a`. */
import { badRequest } from "../schema/status-error.ts";

const MAX_SELECTOR_LENGTH = 64 * 1024;

/** One term of a field selector: `status.phase!=Running`. */
export interface FieldTerm {
  readonly field: string;
  readonly value: string;
  readonly isEqual: boolean;
}

export function parseFieldSelector(text: string | undefined): readonly FieldTerm[] {
  if (text === undefined || text === "") return [];
  if (text.length > MAX_SELECTOR_LENGTH) throw badRequest("the field selector is too long");
  return splitEscaped(text)
    .filter((part) => part !== "")
    .map((part) => {
      const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(part);
      if (match === null) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      }
      const value = (match[3] ?? "").replaceAll(/\\([\\,=])/g, "$1");
      return { field: match[1] ?? "", value, isEqual: match[2] !== "!=" };
    });
}

/** At commas that no backslash stands before. */
function splitEscaped(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && at + 1 < text.length) part += `\\${text[++at]}`;
    else if (text[at] === ",") {
      parts.push(part);
      part = "";
    } else part += text[at];
  }
  parts.push(part);
  return parts;
}
