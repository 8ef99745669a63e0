/** In which form a client wants the answer: what its Accept header says. */
import { StatusError } from "../schema/status-error.ts";

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
    if (!isJson(type)) continue;
    const as = parameters.get("as");
    if (as === undefined) return { form: "object", version: "v1" };
    const version = parameters.get("v") ?? "v1";
    const isMeta = (parameters.get("g") ?? "meta.k8s.io") === "meta.k8s.io";
    if (isMeta && META_FORMS.has(as) && (version === "v1" || version === "v1beta1")) {
      return { form: as as AnswerForm, version };
    }
  }
  throw notAcceptable("application/json");
}

function notAcceptable(offered: string): StatusError {
  const message = `only the following media types are accepted: ${offered}`;
  return new StatusError(406, "NotAcceptable", message, {});
}
