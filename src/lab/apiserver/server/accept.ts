/** In which form a client wants the answer: what its Accept header says. */
import { StatusError } from "../schema/status-error.ts";
import { notAcceptable } from "./errors.ts";
import { PROTOBUF_TYPE } from "./protobuf/decode.ts";
import { YAML_TYPE } from "./yaml.ts";

/**
 * `object` as it is; `Table`: rows and columns for people; the PartialObjectMetadata forms: only
 * the metadata.
 */
type AnswerForm = "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";

export interface Answer {
  readonly form: AnswerForm;
  /** The version of meta.k8s.io in which the client wants a Table or metadata. */
  readonly version: string;
}

const MAX_ACCEPT_PARTS = 32;
/** In which a real server answers; this one sends no protobuf, and clients of that take JSON too. */
const ANSWER_TYPES = ["application/json", YAML_TYPE, PROTOBUF_TYPE];
const STREAM_TYPES = ["application/json", PROTOBUF_TYPE].map((type) => `${type};stream=watch`);
const META_FORMS: ReadonlySet<string> = new Set([
  "Table",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
]);

interface MediaType {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** The media types of a header, those wanted most first. */
export function parseAccept(header: string | undefined): readonly MediaType[] {
  if (header === undefined || header.trim() === "") {
    return [{ type: "*/*", parameters: new Map(), quality: 1 }];
  }
  return header
    .split(",", MAX_ACCEPT_PARTS)
    .map(parseMediaType)
    .toSorted((a, b) => b.quality - a.quality);
}

export function parseMediaType(text: string): MediaType {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf("=");
    if (at > 0) parameters.set(part.slice(0, at).toLowerCase(), part.slice(at + 1));
  }
  const quality = Number(parameters.get("q") ?? "1");
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
}

function isJson(type: string): boolean {
  return type === "*/*" || type === "application/*" || type === "application/json";
}

/** Chooses the first form that this server has. */
export function chooseAnswer(header: string | undefined): Answer {
  for (const { type, parameters } of parseAccept(header)) {
    if (!isJson(type) && type !== YAML_TYPE) continue;
    const as = parameters.get("as");
    if (as === undefined) return { form: "object", version: "v1" };
    const version = parameters.get("v") ?? "v1";
    const isMeta = (parameters.get("g") ?? "meta.k8s.io") === "meta.k8s.io";
    if (isMeta && META_FORMS.has(as) && (version === "v1" || version === "v1beta1")) {
      return { form: as as AnswerForm, version };
    }
  }
  throw notAcceptable(ANSWER_TYPES);
}

/** Whether answers are wanted as YAML rather than as JSON. */
export function prefersYaml(header: string | undefined): boolean {
  const known = parseAccept(header).find(({ type }) => isJson(type) || type === YAML_TYPE);
  return known?.type === YAML_TYPE;
}

/** Throws where the client takes no type that objects come in. */
export function checkObjectType(header: string | undefined): void {
  const isKnown = parseAccept(header).some(({ type }) => isJson(type) || type === YAML_TYPE);
  if (!isKnown) throw notAcceptable(ANSWER_TYPES);
}

/** Throws where the client takes no type that this path has, whatever the form. */
export function checkAccept(header: string | undefined, isWatchable: boolean): void {
  const types = isWatchable ? [...ANSWER_TYPES, ...STREAM_TYPES] : ANSWER_TYPES;
  const isKnown = parseAccept(header).some(
    ({ type }) => isJson(type) || type === YAML_TYPE || type === PROTOBUF_TYPE,
  );
  if (isKnown) return;
  const message = `406: Not Acceptable\n\nAvailable representations: ${types.join(", ")}`;
  throw new StatusError(406, "NotAcceptable", message, {});
}
