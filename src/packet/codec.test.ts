import assert from "node:assert/strict";
import { join } from "node:path";
import { fromHex, toHex } from "#base";
import { decodePacket, encodeLayers, formatPacket, type Layer, verifyChecksums } from "#packet";
import { runScripts } from "#test";

// Every packet of the scripts is right, so each is a test of all checksums and of the way back.
function checkedPacket(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  assert.deepEqual(verifyChecksums(bytes), []);
  return bytes;
}

function describe(layer: Layer): string {
  const { kind, ...fields } = layer;
  const texts = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  return [kind, ...texts].join(" ");
}

function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? `0x${toHex(part)}` : part,
  );
  return text.replaceAll('"', "");
}

runScripts(join(import.meta.dirname, "testdata"), () => ({
  commands: {
    show: ([hex = ""]) => formatPacket(checkedPacket(hex)),
    layers: ([hex = ""]) => {
      const bytes = checkedPacket(hex);
      const { layers } = decodePacket(bytes);
      assert.equal(toHex(encodeLayers(layers)), hex);
      return layers.map(describe).join("\n");
    },
  },
}));
