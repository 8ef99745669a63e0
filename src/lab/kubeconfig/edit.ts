/** Edits of a kubeconfig's text that keep all else in it as it is, comments and unknown fields. */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { AppError, DecodeError } from "#base";

/** Larger than any that people have; a file beyond is something else. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
/** How often anchors may be written out. */
const MAX_ALIASES = 1_000;

/** One cluster with one user, under one name in all three lists; in PEM. */
export interface ContextEntry {
  readonly name: string;
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const LISTS = ["clusters", "contexts", "users"] as const;
type ListName = (typeof LISTS)[number];

/** A kubeconfig with nothing else in it. */
export function newKubeconfig(entry: ContextEntry): string {
  return addContext("", entry);
}

/** Puts the entry in, in the place of one of its name, and makes it the current context. */
export function addContext(text: string, entry: ContextEntry): string {
  const document = parse(text);
  const values = entryValues(entry);
  for (const list of LISTS) setNamed(document, list, entry.name, values[list]);
  document.set("current-context", entry.name);
  return print(document);
}

/** Takes out what `addContext` put in; the current context goes back to `previous`, if it is there. */
export function removeContext(text: string, name: string, previous?: string): string {
  const document = parse(text);
  let hasChanged = false;
  for (const list of LISTS) {
    const items = listOf(document, list);
    const before = items?.items.length ?? 0;
    if (items !== undefined) items.items = items.items.filter((item) => nameOf(item) !== name);
    hasChanged ||= (items?.items.length ?? 0) !== before;
  }
  if (currentOf(document) === name) {
    const isThere = listOf(document, "contexts")?.items.some((item) => nameOf(item) === previous);
    document.set("current-context", isThere === true ? previous : "");
    hasChanged = true;
  }
  return hasChanged ? print(document) : text;
}

/** Whether nothing is left that anybody would miss. */
export function isEmptyKubeconfig(text: string): boolean {
  const document = parse(text);
  const hasComment = (document.commentBefore ?? document.comment ?? "") !== "";
  return !hasComment && LISTS.every((list) => (listOf(document, list)?.items.length ?? 0) === 0);
}

/** The name of the current context; undefined where there is none. */
export function currentContext(text: string): string | undefined {
  return currentOf(parse(text));
}

function currentOf(document: Document): string | undefined {
  const current = document.get("current-context");
  return typeof current === "string" && current !== "" ? current : undefined;
}

function parse(text: string): Document {
  if (text.length > MAX_CHARACTERS) {
    throw new DecodeError(`it has more than ${MAX_CHARACTERS} characters`, MAX_CHARACTERS);
  }
  const document: Document = parseDocument(text, { keepSourceTokens: true, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined)
    throw new DecodeError(`it is no YAML: ${firstLine(error.message)}`, error.pos[0]);
  if (
    document.contents === null ||
    (isScalar(document.contents) && document.contents.value === null)
  ) {
    document.contents = document.createNode({ apiVersion: "v1", kind: "Config" });
  }
  if (!isMap(document.contents)) throw new DecodeError("it is no mapping of YAML", 0);
  checkKind(document);
  checkAliases(document);
  for (const list of LISTS) listOf(document, list);
  return document;
}

function checkKind(document: Document): void {
  const kind = document.get("kind");
  if (kind === undefined || kind === "Config") return;
  throw new DecodeError("its kind is not Config", 0);
}

/** One that stands for nothing, or for far too much, would fail whoever reads the file. */
function checkAliases(document: Document): void {
  try {
    document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DecodeError(`it is no YAML: ${firstLine(message)}`, 0, { cause });
  }
}

function firstLine(message: string): string {
  return message.split("\n")[0]?.replace(/:$/, "") ?? message;
}

/** Undefined where the list is not there; `clusters: null`, as kubectl writes it, is no list yet. */
function listOf(document: Document, list: ListName): YAMLSeq | undefined {
  const value: unknown = document.get(list, true);
  if (value === undefined || value === null) return undefined;
  if (isScalar(value) && value.value === null) return undefined;
  if (isSeq(value)) return value;
  throw new DecodeError(`its ${list} are no list`, 0);
}

function nameOf(item: unknown): unknown {
  return isMap(item) ? item.get("name") : undefined;
}

function setNamed(document: Document, list: ListName, name: string, value: object): void {
  const node = document.createNode(value) as YAMLMap;
  const items = listOf(document, list);
  if (items === undefined) {
    document.set(list, document.createNode([node]));
    return;
  }
  // "[]", as kubectl writes an empty list, would keep its brackets around all that comes in.
  if (items.items.length === 0) items.flow = false;
  const place = items.items.findIndex((item) => nameOf(item) === name);
  // kubectl takes the first of a name: there must not be a second.
  items.items = items.items.filter((item, index) => index === place || nameOf(item) !== name);
  if (place < 0) items.items.push(node);
  else items.items[place] = node;
}

function entryValues(entry: ContextEntry): Record<ListName, object> {
  const { name, server } = entry;
  const base64 = (pem: string): string => Buffer.from(pem, "utf8").toString("base64");
  return {
    clusters: { name, cluster: { server, "certificate-authority-data": base64(entry.authority) } },
    contexts: { name, context: { cluster: name, user: name } },
    users: {
      name,
      user: {
        "client-certificate-data": base64(entry.certificate),
        "client-key-data": base64(entry.key),
      },
    },
  };
}

function print(document: Document): string {
  // Certificates are one long line each; folded, they would still be read, but not by people.
  try {
    return document.toString({ lineWidth: 0 });
  } catch (error) {
    // Anchors are read with characters in them that cannot be written.
    const reason = error instanceof Error ? firstLine(error.message) : String(error);
    throw new DecodeError(`it cannot be written as it was read: ${reason}`, 0);
  }
}

/** What is wrong with a file, as an error that says what to do about it. */
export function unreadable(path: string, cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError(
    "kubeconfig",
    `${path} cannot be read as a kubeconfig (${why}), so nothing is written to it: correct it, or set KUBECONFIG to another file.`,
    { cause },
  );
}
