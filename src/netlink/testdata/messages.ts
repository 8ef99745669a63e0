import { readFileSync } from "node:fs";
import { fromHex } from "#base";

/** Messages that a kernel sent, by what they answer. */
export function kernelMessages(): { what: string; bytes: Uint8Array }[] {
  const text = readFileSync(new URL("messages.txt", import.meta.url), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [what = "", hex = ""] = line.split(" ");
      return { what, bytes: fromHex(hex) };
    });
}
