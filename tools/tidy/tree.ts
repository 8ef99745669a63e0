import { parseSource, type Parsed } from "./parse.ts";

const CODE = /\.(?:[cm]?ts|tsx|[cm]?js|jsx)$/;
/** How far into a file a zero byte is looked for: what git does to tell binaries from text. */
const BINARY_PROBE_CHARS = 8000;

/** A file of the tree. Its text is read, and its code parsed, when a rule first asks for it. */
export class TreeFile {
  readonly path: string;
  readonly bytes: number;
  readonly #read: () => Buffer;
  #contents: Buffer | undefined;
  #text: string | undefined;
  #parsed: Parsed | undefined;
  #lineStarts: number[] | undefined;

  constructor(path: string, bytes: number, read: () => Buffer) {
    this.path = path;
    this.bytes = bytes;
    this.#read = read;
  }

  get contents(): Buffer {
    this.#contents ??= this.#read();
    return this.#contents;
  }

  get text(): string {
    this.#text ??= this.contents.toString("utf8");
    return this.#text;
  }

  get isCode(): boolean {
    return CODE.test(this.path);
  }

  get isText(): boolean {
    return !this.text.slice(0, BINARY_PROBE_CHARS).includes("\0");
  }

  /** Imports and exports; for code only. */
  get parsed(): Parsed {
    this.#parsed ??= parseSource(this.path, this.text);
    return this.#parsed;
  }

  /** How many lines the file has. */
  get lineCount(): number {
    return this.text.endsWith("\n") ? this.#starts.length - 1 : this.#starts.length;
  }

  /** The number, from 1, of the line that the character at `offset` stands on. */
  lineAt(offset: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** The line of the first match; 1 where there is none, for a finding that needs some line. */
  lineOf(pattern: RegExp): number {
    const match = pattern.exec(this.text);
    return match === null ? 1 : this.lineAt(match.index);
  }

  get #starts(): number[] {
    if (this.#lineStarts !== undefined) return this.#lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf("\n"); at !== -1; at = this.text.indexOf("\n", at + 1)) {
      starts.push(at + 1);
    }
    this.#lineStarts = starts;
    return starts;
  }
}

/** The files that the rules look at, by path from the root: the real ones, or a test's. */
export class Tree {
  /** In order of path. */
  readonly files: readonly TreeFile[];
  readonly #byPath: ReadonlyMap<string, TreeFile>;
  readonly #folders = new Set<string>();

  constructor(files: Iterable<TreeFile>) {
    this.files = [...files].toSorted((a, b) => (a.path < b.path ? -1 : 1));
    this.#byPath = new Map(this.files.map((file) => [file.path, file]));
    for (const { path } of this.files) {
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
        this.#folders.add(path.slice(0, end));
      }
    }
  }

  /** A tree that is nowhere on disk. */
  static of(texts: Readonly<Record<string, string>>): Tree {
    return new Tree(
      Object.entries(texts).map(
        ([path, text]) => new TreeFile(path, Buffer.byteLength(text), () => Buffer.from(text)),
      ),
    );
  }

  get(path: string): TreeFile | undefined {
    return this.#byPath.get(path);
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  hasFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  /** The code under any of these folders. */
  code(...folders: readonly string[]): TreeFile[] {
    return this.files.filter(
      (file) => file.isCode && folders.some((folder) => file.path.startsWith(`${folder}/`)),
    );
  }
}
