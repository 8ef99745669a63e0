import { assert, bytesEqual, toHex } from "#base";
import { decodePacket } from "./decode.ts";
import { encodeLayers } from "./encode.ts";
import type { Layer, LayerDraft } from "./layers.ts";
import { verifyChecksums } from "./verify.ts";

/**
 * For tests: that a packet of these layers is right, that each field given comes back, and that
 * the layers that come back make the same bytes.
 */
export function checkRoundTrip(drafts: readonly LayerDraft[]): void {
  const from = drafts[0]?.kind === "ethernet" ? "ethernet" : "ip";
  const bytes = encodeLayers(drafts);
  const { layers } = decodePacket(bytes, { from });
  const kinds = layers.map(({ kind }) => kind).join(" ");
  const given = drafts.map(({ kind }) => kind).join(" ");
  assert(kinds === given, `${given} came back as ${kinds}`);
  for (const [index, draft] of drafts.entries()) {
    const decoded: Readonly<Record<string, unknown>> = { ...(layers[index] as Layer) };
    for (const [name, value] of Object.entries(draft)) {
      const [before, after] = [textOf(value), textOf(decoded[name])];
      assert(before === after, `${draft.kind}.${name} was ${before} and came back as ${after}`);
    }
  }
  const wrong = verifyChecksums(bytes, { from });
  assert(wrong.length === 0, `wrong checksums: ${textOf(wrong)}`);
  checkEncodesBack(bytes, layers);
}

/** For tests: that layers that were decoded make the bytes again. */
export function checkEncodesBack(bytes: Uint8Array, layers: readonly Layer[]): void {
  const again = encodeLayers(layers);
  assert(bytesEqual(again, bytes), `${toHex(bytes)} came back as ${toHex(again)}`);
}

// Not deepEqual, for which two objects without public fields are always equal.
function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? toHex(part) : part,
  ) as string | undefined;
  return text ?? "nothing";
}
