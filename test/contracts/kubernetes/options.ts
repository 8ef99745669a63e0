/** The words of a command that begin with two dashes, and the rest. */

const FLAGS = new Set(["managed", "quiet", "raw", "sorted", "why"]);

export type Options = Readonly<Record<string, string>>;

export function readOptions(words: readonly string[]): { words: string[]; options: Options } {
  const rest: string[] = [];
  const options: Record<string, string> = {};
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const name = word.startsWith("--") ? word.slice(2) : undefined;
    if (name === undefined) rest.push(word);
    else if (FLAGS.has(name)) options[name] = "";
    else options[name] = words[(index += 1)] ?? "";
  }
  return { words: rest, options };
}
