/** What a patch makes of an object that cannot be one is the patch's fault. */
import { goText } from "../../patch/go-text.ts";
import { invalid } from "../../schema/status-error.ts";
import type { Json, KubeObject, PatchType } from "../../schema/types.ts";
import { invalidValue } from "../errors.ts";

export interface Patch {
  readonly type: PatchType;
  readonly body: unknown;
  readonly isForced: boolean;
  /** Fields that the body has twice. */
  readonly duplicates: readonly string[];
}

/** Of a decoder's refusal, what comes after the kind that it could not make. */
const REFUSAL = /^.*? cannot be handled as a \w+: (.*)$/s;

/** Runs the decoder of what was patched; of its refusals throws the patch's. */
export function decodePatched<T>({ type, body }: Patch, patched: KubeObject, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const why = error instanceof Error ? REFUSAL.exec(error.message)?.[1] : undefined;
    if (why === undefined || type === "apply") throw error;
    const text = type === "strategic" ? goText(body as Json) : JSON.stringify(patched);
    throw invalid({ group: "", kind: "" }, "", [invalidValue("patch", text, why)]);
  }
}
