/** Files, folders and standard input as objects of Kubernetes that know where they stand. */
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError, quote } from "#base";
import { itemsOf } from "#kube/types";
import type { Streams } from "../../program.ts";
import { parseYaml, type YamlDocument } from "./yaml.ts";

/** What one file may have; a cluster of thousands of policies is a tenth of it. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
const MAX_FILES = 10_000;
const MANIFEST_NAME = /\.(?:ya?ml|json)$/i;
export const STANDARD_INPUT = "-";

/** One object: a document, or an item of a List. */
export interface Manifest {
  readonly file: string;
  readonly value: unknown;
  /** The line of a field of the object, or of the nearest one above it. */
  lineOf(path: string): number;
}

/** A file, or a part of one, that is no manifest. */
export interface BadInput {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly excerpt: string;
}

interface ParsedManifests {
  readonly objects: readonly Manifest[];
  readonly bad: readonly BadInput[];
}

export interface Manifests extends ParsedManifests {
  /** As messages name them, in the order of reading. */
  readonly files: readonly string[];
  /** A sentence for each file or folder that could not be read. */
  readonly unreadable: readonly string[];
}

/**
 * Reads all that is named, in the order in which it is named; folders by name, all levels. What
 * cannot be read does not take away the rest.
 */
export async function readManifests(
  names: readonly string[],
  streams: Streams,
): Promise<Manifests> {
  if (names.length === 0) {
    throw new AppError("usage", `Name the files to read, or ${STANDARD_INPUT} for standard input.`);
  }
  if (names.filter((name) => name === STANDARD_INPUT).length > 1) {
    throw new AppError("usage", "Standard input can be read once only.");
  }
  const objects: Manifest[] = [];
  const bad: BadInput[] = [];
  const files: string[] = [];
  const unreadable: string[] = [];
  const note = (error: unknown): undefined => {
    if (!(error instanceof AppError)) throw error;
    unreadable.push(error.message);
  };
  for (const name of names) {
    for (const path of (await filesOf(name).catch(note)) ?? []) {
      if (files.length >= MAX_FILES)
        throw new AppError("too-large", `There are more than ${MAX_FILES} files.`);
      const bytes = await readOne(path, streams).catch(note);
      if (bytes === undefined) continue;
      const file = shownName(path);
      files.push(file);
      const parsed = parseManifests(bytes, file);
      for (const object of parsed.objects) objects.push(object);
      for (const each of parsed.bad) bad.push(each);
    }
  }
  return { objects, bad, files, unreadable };
}

/** Any bytes: what is wrong with them comes back as `bad`. */
export function parseManifests(bytes: Uint8Array, file: string): ParsedManifests {
  const text = decodeText(bytes);
  if (text === undefined) {
    const message = "this is not text in UTF-8";
    return { objects: [], bad: [{ file, line: 1, column: 1, message, excerpt: "" }] };
  }
  const { documents, errors } = parseYaml(text);
  return {
    objects: documents.flatMap((document) => objectsOf(document, file)),
    bad: errors.map((error) => ({ file, ...error })),
  };
}

/** `file:line:column: message`, with the line itself. */
export function badInputText({ file, line, column, message, excerpt }: BadInput): string {
  const shown = excerpt === "" ? "" : `: ${quote(excerpt)}`;
  return `${file}:${line}:${column}: ${message}${shown}`;
}

/** Text has no NUL: what has one is binary, or in UTF-16. */
function decodeText(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function objectsOf(document: YamlDocument, file: string): Manifest[] {
  const { value } = document;
  const manifest = (object: unknown, item: string): Manifest => ({
    file,
    value: object,
    lineOf: (path) => document.position(item === "" ? path : item + dotted(path)).line,
  });
  if (!isRecord(value) || !isList(value)) return itemsOf(value).map((each) => manifest(each, ""));
  // Item by item, for its place in the file; what is in Lists within has the place of that List.
  return value.items.flatMap((item, index) =>
    itemsOf({ ...value, items: [item] }).map((each) => manifest(each, `items[${index}]`)),
  );
}

function isList(value: Record<string, unknown>): value is { items: unknown[] } & typeof value {
  const { kind, items } = value;
  return typeof kind === "string" && kind.endsWith("List") && Array.isArray(items);
}

function dotted(path: string): string {
  return path === "" || path.startsWith("[") ? path : `.${path}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shownName(path: string): string {
  return path === STANDARD_INPUT ? "<stdin>" : path;
}

async function filesOf(name: string): Promise<string[]> {
  if (name === STANDARD_INPUT) return [name];
  const found = await stat(name).catch((error: unknown) => {
    throw fileError(name, error);
  });
  if (!found.isDirectory()) return [name];
  const options = { recursive: true, withFileTypes: true } as const;
  const inside = await readdir(name, options).catch((error: unknown) => {
    throw fileError(name, error);
  });
  const paths = inside
    .filter((entry) => MANIFEST_NAME.test(entry.name) && (entry.isFile() || entry.isSymbolicLink()))
    .map((entry) => join(entry.parentPath, entry.name));
  if (paths.length === 0) {
    throw new AppError("not-found", `${quote(name)} has no file *.yaml, *.yml or *.json in it.`);
  }
  return paths.toSorted();
}

/** The bytes of a file or of standard input, with sentences for what can go wrong. */
export async function readOne(path: string, streams: Streams): Promise<Uint8Array> {
  if (path === STANDARD_INPUT) {
    if (streams.input === undefined) throw new AppError("usage", "There is no standard input.");
    const bytes = await streams.input();
    if (bytes.length > MAX_FILE_BYTES) throw tooLarge("Standard input");
    return bytes;
  }
  try {
    return await readLimited(path);
  } catch (error) {
    throw error instanceof AppError ? error : fileError(path, error);
  }
}

/** In pieces: pipes and devices do not say how much they have. */
async function readLimited(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = createReadStream(path, { highWaterMark: READ_BYTES });
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) throw tooLarge(quote(path));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string): AppError {
  return new AppError("too-large", `${name} has more than ${MAX_FILE_BYTES} bytes: split it.`);
}

function fileError(path: string, error: unknown): AppError {
  const { code } = error as NodeJS.ErrnoException;
  const what =
    code === "ENOENT"
      ? "there is no such file or folder"
      : code === "EACCES"
        ? "it may not be read"
        : code === "EISDIR"
          ? "it is a folder"
          : error instanceof Error
            ? error.message
            : String(error);
  return new AppError("unreadable", `Cannot read ${quote(path)}: ${what}.`, { cause: error });
}
