/** What of a text from outside goes into a message. */
const MAX_QUOTED_CHARACTERS = 64;

// Line ends, terminal control and marks that reorder text: what would let a text from outside
// forge a line of a log or hide what it says.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** The text with everything that a terminal or a reader of lines would obey as `\u001b`. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A text from outside as error messages show it: in quotes, harmless, and not too long. */
export function quote(text: string): string {
  const isLong = text.length > MAX_QUOTED_CHARACTERS;
  const shown = isLong ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
  return escapeControls(JSON.stringify(shown));
}
