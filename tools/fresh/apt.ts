const DEFAULT_MIRROR = "http://deb.debian.org/debian";

/**
 * The mirror of Debian's main archive that this machine takes its own packages from, out of the
 * texts of its files sources.list and *.sources; deb.debian.org where there is none.
 */
export function debianMirror(texts: readonly string[]): string {
  for (const text of texts) {
    for (const uri of [...urisOfLists(text), ...urisOfSources(text)]) {
      // Security updates and other people's archives are no place to install a system from.
      if (/^https?:\/\/.*\/debian\/?$/.test(uri)) return uri.replace(/\/$/, "");
    }
  }
  return DEFAULT_MIRROR;
}

/** One line for each source: `deb [options] URI suite component...`. */
function urisOfLists(text: string): string[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm)].map(([, uri = ""]) => uri);
}

/** Paragraphs of fields: `URIs: URI...`. */
function urisOfSources(text: string): string[] {
  return [...text.matchAll(/^URIs:[ \t]*(.+)$/gim)].flatMap(([, uris = ""]) =>
    uris.trim().split(/\s+/),
  );
}

/**
 * The part of `apt-config dump Acquire` that is about how to reach and trust a mirror from this
 * machine (proxies, certificates, a clock that is off), as text for the new system's apt.
 */
export function aptReachConfig(dump: string): string {
  const lines = dump
    .split("\n")
    .filter((line) => /^Acquire::\S*(Proxy|Verify|CaInfo|Check-Date|Check-Valid-Until)/.test(line))
    .filter((line) => !line.endsWith('"";'));
  return lines.map((line) => `${line}\n`).join("");
}
