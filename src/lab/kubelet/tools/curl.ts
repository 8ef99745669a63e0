import { TRUSTED } from "./trust.ts";

/**
 * curl, as far as walkthroughs type it: -s -S -f -k -v -i -I -L -o -w -m -X -H -d -A -u and their
 * long forms; errors and exit codes are curl's. Plain JavaScript for Node, as all of these.
 */
export const CURL: string = String.raw`"use strict";
const http = require("node:http"), https = require("node:https"), fs = require("node:fs");
${TRUSTED}
const LONG = { silent: "s", "show-error": "S", fail: "f", insecure: "k", verbose: "v", include: "i", head: "I", location: "L", output: "o", "write-out": "w", "max-time": "m", "connect-timeout": "m", request: "X", header: "H", data: "d", "data-raw": "d", "user-agent": "A", user: "u", ipv4: "4", ipv6: "6", "no-progress-meter": "s", compressed: "", "no-buffer": "", "http1.1": "" };
const WITH_VALUE = "owmXHdAu";
const flags = { H: [] }, urls = [];
const argv = process.argv.slice(2);
const quit = (code) => process.exit(code);
const complain = (code, text) => { if (!flags.s || flags.S) process.stderr.write("curl: (" + code + ") " + text + "\n"); quit(code); };
const set = (letter, value) => { if (letter === "H") flags.H.push(value); else if (letter === "d") flags.d = flags.d === undefined ? value : flags.d + "&" + value; else flags[letter] = value; };
for (let i = 0; i < argv.length; i++) {
  const arg = argv[i];
  if (arg.startsWith("--")) {
    const letter = LONG[arg.slice(2)];
    if (letter === undefined) { process.stderr.write("curl: option " + arg + ": is unknown to the lab's curl\n"); quit(2); }
    if (letter !== "") set(letter, WITH_VALUE.includes(letter) ? argv[++i] : true);
  } else if (arg.startsWith("-") && arg.length > 1) {
    for (let j = 1; j < arg.length; j++) {
      const letter = arg[j];
      if (!"sSfkviILowmXHdAu46gN".includes(letter)) { process.stderr.write("curl: option -" + letter + ": is unknown to the lab's curl\n"); quit(2); }
      if (WITH_VALUE.includes(letter)) { set(letter, arg.slice(j + 1) || argv[++i]); break; }
      set(letter, true);
    }
  } else urls.push(arg);
}
if (urls.length === 0) { process.stderr.write("curl: (2) no URL specified\n"); quit(2); }
const headers = { "User-Agent": flags.A ?? "curl/8.0", Accept: "*/*" };
for (const line of flags.H) { const at = line.indexOf(":"); if (at > 0) headers[line.slice(0, at).trim()] = line.slice(at + 1).trim(); }
if (flags.u !== undefined) headers.Authorization = "Basic " + Buffer.from(flags.u).toString("base64");
if (flags.d !== undefined) { headers["Content-Type"] ??= "application/x-www-form-urlencoded"; headers["Content-Length"] = Buffer.byteLength(flags.d); }
const method = flags.X ?? (flags.I ? "HEAD" : flags.d === undefined ? "GET" : "POST");
const began = Date.now();
if (flags.m !== undefined) setTimeout(() => complain(28, "Operation timed out after " + (Date.now() - began) + " milliseconds with 0 bytes received"), Number(flags.m) * 1000);
const note = (mark, text) => { if (flags.v) process.stderr.write(mark + " " + text + "\n"); };
const out = flags.o === undefined ? process.stdout : fs.createWriteStream(flags.o);

function fetchOne(text, redirects, done) {
  let url;
  try { url = new URL(/^[a-z]+:\/\//i.test(text) ? text : "http://" + text); } catch { complain(3, "URL rejected: Malformed input to a URL function"); return; }
  const client = url.protocol === "https:" ? https : http;
  const port = url.port || (client === https ? 443 : 80);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const family = flags["4"] ? 4 : flags["6"] ? 6 : undefined;
  const request = client.request({ host, port, path: url.pathname + url.search, method, headers: { Host: url.host, ...headers }, family, rejectUnauthorized: !flags.k, ca: client === https && !flags.k ? trusted() : undefined, servername: /^[\d.:]+$/.test(host) ? "" : host, agent: false }, (response) => {
    note("<", "HTTP/1.1 " + response.statusCode + " " + response.statusMessage);
    const next = response.headers.location;
    if (flags.L && next !== undefined && response.statusCode >= 300 && response.statusCode < 400 && redirects < 50) { response.resume(); fetchOne(new URL(next, url).href, redirects + 1, done); return; }
    if (flags.f && response.statusCode >= 400) { complain(22, "The requested URL returned error: " + response.statusCode); return; }
    let size = 0;
    if (flags.i || flags.I) {
      out.write("HTTP/1.1 " + response.statusCode + " " + response.statusMessage + "\r\n");
      for (let i = 0; i < response.rawHeaders.length; i += 2) out.write(response.rawHeaders[i] + ": " + response.rawHeaders[i + 1] + "\r\n");
      out.write("\r\n");
    }
    response.on("data", (bytes) => { size += bytes.length; out.write(bytes); });
    response.on("end", () => {
      const seconds = ((Date.now() - began) / 1000).toFixed(6);
      const values = { http_code: String(response.statusCode).padStart(3, "0"), response_code: response.statusCode, time_total: seconds, size_download: size, remote_ip: response.socket.remoteAddress, url_effective: url.href };
      if (flags.w !== undefined) process.stdout.write(flags.w.replace(/%\{(\w+)\}/g, (_, name) => values[name] ?? "").replace(/\\n/g, "\n").replace(/\\t/g, "\t"));
      done();
    });
  });
  request.on("socket", (socket) => socket.on("connect", () => note("*", "Connected to " + host + " (" + socket.remoteAddress + ") port " + port)));
  request.on("error", (error) => {
    if (flags.w !== undefined) process.stdout.write(flags.w.replace(/%\{http_code\}/g, "000").replace(/%\{\w+\}/g, "").replace(/\\n/g, "\n"));
    if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") complain(6, "Could not resolve host: " + host);
    else if (error.code === "ECONNRESET") complain(56, "Recv failure: Connection reset by peer");
    else if (/CERT|SELF_SIGNED|UNABLE_TO/.test(error.code ?? "")) complain(60, "SSL certificate problem: " + error.message);
    else if (/SSL|EPROTO/.test(error.code ?? "")) complain(35, "TLS connect error: " + error.message);
    else complain(7, "Failed to connect to " + host + " port " + port + " after " + (Date.now() - began) + " ms: Couldn't connect to server");
  });
  note(">", method + " " + url.pathname + url.search + " HTTP/1.1");
  request.end(flags.d);
}
const next = () => { const url = urls.shift(); if (url === undefined) { if (out === process.stdout) quit(0); else out.end(() => quit(0)); } else fetchOne(url, 0, next); };
next();
`;
