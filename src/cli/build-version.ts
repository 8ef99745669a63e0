import { readFileSync } from "node:fs";

/** Put in by tools/build.ts; not there when running from sources. */
declare const CILIATE_VERSION: string | undefined;

function versionOfSources(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The version of package.json, without a "v". */
export const buildVersion: string =
  typeof CILIATE_VERSION === "string" ? CILIATE_VERSION : versionOfSources();
