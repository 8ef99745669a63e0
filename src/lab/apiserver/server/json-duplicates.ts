/** Fields that a text of JSON has twice, which JSON.parse does not tell of. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
/** As many as the API server names. */
const MAX_DUPLICATES = 100;

interface Level {
  /** The keys so far; undefined in a list. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  /** The next string is a key. */
  isAtKey: boolean;
  key: string;
  index: number;
}

/** As paths, `spec.ports[0].name`, in their order. The text is right otherwise. */
export function duplicateFields(text: string): readonly string[] {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") levels.push(levelOf(token, level));
    else if (token === "}" || token === "]") levels.pop();
    else if (token === "," && level !== undefined) {
      level.isAtKey = level.keys !== undefined;
      level.index += 1;
    } else if (token !== ":" && level?.isAtKey === true) {
      take(level, JSON.parse(token) as string, duplicates);
    }
  }
  return duplicates;
}

function levelOf(token: string, above: Level | undefined): Level {
  const isObject = token === "{";
  const keys = isObject ? new Set<string>() : undefined;
  const path = above === undefined ? "" : pathOf(above);
  return { keys, path, isAtKey: isObject, key: "", index: 0 };
}

function pathOf({ keys, path, key, index }: Level): string {
  if (keys === undefined) return `${path}[${index}]`;
  return path === "" ? key : `${path}.${key}`;
}

function take(level: Level, key: string, duplicates: string[]): void {
  level.isAtKey = false;
  level.key = key;
  if (level.keys?.has(key) === true && duplicates.length < MAX_DUPLICATES) {
    duplicates.push(pathOf(level));
  }
  level.keys?.add(key);
}
