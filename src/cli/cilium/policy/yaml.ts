/** YAML as manifests use it: 1.2 core, several documents, with the line of every field. */
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
} from "yaml";
import type { Node, YAMLMap } from "yaml";
import { quote } from "#base";

/** Far deeper than any manifest; composing goes down by recursion. */
const MAX_DEPTH = 100;
/** How often all anchors of a document together may be written out. */
const MAX_ALIASES = 1_000;
/** After this many the file is no YAML, and more of them help nobody. */
const MAX_ERRORS = 10;
const MAX_DOCUMENTS = 100_000;
const MAX_EXCERPT_CHARACTERS = 80;

interface Position {
  readonly line: number;
  readonly column: number;
}

interface YamlError extends Position {
  readonly message: string;
  /** The line where it is, cut to what is worth reading. */
  readonly excerpt: string;
}

export interface YamlDocument {
  readonly value: unknown;
  /** Where a field stands, or else the nearest field above it: `spec.ingress[0].fromCIDR`. */
  position(path: string): Position;
}

interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly YamlError[];
}

/** Documents with an error are left out; those around them are kept. */
export function parseYaml(text: string): YamlText {
  const source = new Source(text.startsWith("\ufeff") ? text.slice(1) : text);
  const documents: YamlDocument[] = [];
  const composed = source.compose();
  for (const document of composed) {
    const value = source.valueOf(document);
    if (value === undefined) continue;
    documents.push({ value: value.value, position: (path) => source.positionOf(document, path) });
  }
  return { documents, errors: source.errors };
}

class Source {
  readonly errors: YamlError[] = [];
  readonly #text: string;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.#text = text;
  }

  compose(): Document.Parsed[] {
    const parser = new Parser(this.#lines.addNewLine);
    // Keys are checked here: the package compares each with each.
    const composer = new Composer({
      uniqueKeys: false,
      merge: true,
      prettyErrors: false,
      logLevel: "error",
    });
    const documents: Document.Parsed[] = [];
    const take = (tokens: ReturnType<Parser["next"]>): void => {
      for (const token of tokens) documents.push(...composer.next(token));
    };
    this.#lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(this.#text)) {
      take(parser.next(lexeme));
      if (parser.stack.length <= MAX_DEPTH && documents.length <= MAX_DOCUMENTS) continue;
      const what =
        documents.length > MAX_DOCUMENTS
          ? `there are more than ${MAX_DOCUMENTS} documents`
          : `there are more than ${MAX_DEPTH} levels, one inside the other`;
      this.#report(parser.offset, what);
      return documents;
    }
    take(parser.end());
    documents.push(...composer.end(false, this.#text.length));
    return documents;
  }

  /** Undefined where it has errors or is empty. */
  valueOf(document: Document.Parsed): { value: unknown } | undefined {
    const before = this.errors.length;
    for (const { message, pos } of document.errors) this.#report(pos[0], message);
    if (document.errors.length > 0) return undefined;
    if (document.contents !== null) this.#checkKeys(document.contents);
    if (this.errors.length > before) return undefined;
    try {
      const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
      return value === null ? undefined : { value };
    } catch (error) {
      // Aliases: too many, or one that stands for nothing.
      this.#report(document.range[0], error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  positionOf(document: Document.Parsed, path: string): Position {
    return this.#place(offsetOf(document, path));
  }

  #checkKeys(root: Node): void {
    const open: Node[] = [root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (isMap(node)) this.#checkMap(node, open);
      else if (isSeq(node)) for (const item of node.items) pushNode(open, item);
    }
  }

  #checkMap(map: YAMLMap, open: Node[]): void {
    const lines = new Map<string, number>();
    for (const { key, value } of map.items) {
      pushNode(open, value);
      if (isMap(key) || isSeq(key)) this.#report(key.range?.[0] ?? 0, "a key must be a text");
      if (!isScalar(key)) continue;
      const name = String(key.value);
      const offset = key.range?.[0] ?? 0;
      const { line } = this.#place(offset);
      const first = lines.get(name);
      if (first === undefined) lines.set(name, line);
      else if (name !== "<<")
        this.#report(offset, `the key ${quote(name)} is here again, after line ${first}`);
    }
  }

  #report(offset: number, message: string): void {
    if (this.errors.length >= MAX_ERRORS) return;
    const { line, column } = this.#place(offset);
    this.errors.push({
      line,
      column,
      message: tidySentence(message),
      excerpt: this.#excerpt(offset),
    });
  }

  #place(offset: number): Position {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #excerpt(offset: number): string {
    const start = this.#text.lastIndexOf("\n", Math.max(0, offset - 1)) + 1;
    const end = this.#text.indexOf("\n", start);
    const line = this.#text.slice(start, end < 0 ? undefined : end).trim();
    return line.slice(0, MAX_EXCERPT_CHARACTERS);
  }
}

function tidySentence(message: string): string {
  const first = (message.split("\n")[0] ?? "").trim();
  return first.replace(/[.:]$/, "");
}

function pushNode(open: Node[], value: unknown): void {
  if (isMap(value) || isSeq(value)) open.push(value);
}

/** A path can have keys with dots in them (labels), so each map is asked which of its keys fits. */
function offsetOf(document: Document.Parsed, path: string): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? document.range[0];
  let rest = path;
  while (rest !== "") {
    if (isAlias(node)) node = node.resolve(document);
    const step = isSeq(node)
      ? stepIntoList(node.items, rest)
      : isMap(node) && stepIntoMap(node, rest);
    if (!step) break;
    offset = step.offset ?? offset;
    node = step.node;
    rest = step.rest;
  }
  return offset;
}

interface Step {
  node: unknown;
  offset: number | undefined;
  rest: string;
}

function stepIntoList(items: readonly unknown[], path: string): Step | undefined {
  const match = /^\.?\[?(\d{1,9})\]?/.exec(path);
  const node = match === null ? undefined : items[Number(match[1])];
  if (match === null || node === undefined) return undefined;
  return { node, offset: startOf(node), rest: path.slice(match[0].length) };
}

function stepIntoMap(map: YAMLMap, path: string): Step | undefined {
  let best: Step | undefined;
  for (const pair of map.items) {
    if (!isScalar(pair.key)) continue;
    const rest = restAfter(path, String(pair.key.value));
    if (rest === undefined || (best !== undefined && best.rest.length <= rest.length)) continue;
    best = { node: pair.value, offset: startOf(pair.key), rest };
  }
  return best;
}

/** What is left of a path once it has named this key, as `.key`, `["key"]` or `[key]`. */
function restAfter(path: string, key: string): string | undefined {
  for (const form of [key, `.${key}`, `[${JSON.stringify(key)}]`, `['${key}']`, `[${key}]`]) {
    const rest = path.slice(form.length);
    if (path.startsWith(form) && (rest === "" || rest.startsWith(".") || rest.startsWith("["))) {
      return rest;
    }
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)
    ? node.range?.[0]
    : undefined;
}
