import { Buffer } from "node:buffer";

/**
 * The dictionary with which SPDY/3 compresses headers: words with their lengths before them, and
 * then a text. From the published draft of the protocol (section 2.6.10.1).
 */
const WORDS =
  "options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-" +
  "language|accept-ranges|age|allow|authorization|cache-control|connection|content-" +
  "base|content-encoding|content-language|content-length|content-location|content-m" +
  "d5|content-range|content-type|date|etag|expect|expires|from|host|if-match|if-mod" +
  "ified-since|if-none-match|if-range|if-unmodified-since|last-modified|location|ma" +
  "x-forwards|pragma|proxy-authenticate|proxy-authorization|range|referer|retry-aft" +
  "er|server|te|trailer|transfer-encoding|upgrade|user-agent|vary|via|warning|www-a" +
  "uthenticate|method|get|status|200 OK|version|HTTP/1.1|url|public|set-cookie|keep" +
  "-alive|origin";
const TEXT =
  "10010120120220520630030230330430530630740240540640740840941041141241341441541641" +
  "7502504505203 Non-Authoritative Information204 No Content301 Moved Permanently40" +
  "0 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error" +
  "501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept O" +
  "ct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,imag" +
  "e/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/" +
  "javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1" +
  ",utf-,*,enq=0.";

export function spdyDictionary(): Buffer {
  const words = WORDS.split("|").map((word) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(word.length);
    return Buffer.concat([length, Buffer.from(word)]);
  });
  return Buffer.concat([...words, Buffer.from(TEXT, "latin1")]);
}
