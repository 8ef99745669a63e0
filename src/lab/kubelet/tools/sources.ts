/**
 * Programs for containers, as plain JavaScript for Node: they are written into files, and need
 * neither our sources nor our bundles. Each does what people type in walkthroughs, and no more.
 */
import { TRUSTED } from "./trust.ts";

/** nc: -z -v -w -l -p -u -k; client and server. */
export const NC = String.raw`"use strict";
const net = require("node:net"), dgram = require("node:dgram"), dns = require("node:dns");
const flags = { w: 0, p: undefined }, words = [];
const argv = process.argv.slice(2);
for (let i = 0; i < argv.length; i++) {
  const arg = argv[i];
  if (!/^-[A-Za-z0-9]/.test(arg)) { words.push(arg); continue; }
  for (let j = 1; j < arg.length; j++) {
    const letter = arg[j];
    if ("wpqis".includes(letter)) { flags[letter] = arg.slice(j + 1) || argv[++i]; break; }
    flags[letter] = true;
  }
}
const say = (text) => { if (flags.v) process.stderr.write(text + "\n"); };
const quit = (code) => { process.exitCode = code; setImmediate(() => process.exit(code)); };
const timeoutMs = Number(flags.w) * 1000;
if (flags.l) listen(); else connect();

function listen() {
  const port = Number(flags.p ?? words.at(-1));
  if (flags.u) {
    const socket = dgram.createSocket("udp4");
    socket.on("message", (bytes, from) => {
      process.stdout.write(bytes);
      process.stdin.on("data", (data) => socket.send(data, from.port, from.address));
    });
    socket.bind(port);
    return;
  }
  const server = net.createServer((socket) => {
    say("Connection from " + socket.remoteAddress + " " + socket.remotePort + " received!");
    if (!flags.k) server.close();
    socket.on("error", () => {});
    socket.pipe(process.stdout, { end: false });
    process.stdin.pipe(socket);
    socket.on("close", () => { if (!flags.k) quit(0); });
  });
  server.on("error", (error) => { process.stderr.write("nc: " + error.message + "\n"); quit(1); });
  server.listen(port, () => say("Listening on 0.0.0.0 " + port));
}

function connect() {
  const [host, range = ""] = words;
  if (host === undefined || range === "") {
    process.stderr.write("usage: nc [-zvuk46] [-w seconds] [-l] [-p port] host port\n");
    quit(1);
    return;
  }
  const [first, last = first] = range.split("-").map(Number);
  dns.lookup(host, { family: flags["4"] ? 4 : flags["6"] ? 6 : 0 }, async (error, address) => {
    if (error) { process.stderr.write("nc: getaddrinfo for host \"" + host + "\" port " + range + ": Name or service not known\n"); quit(1); return; }
    if (!flags.z) { talk(host, address, first); return; }
    let code = 1;
    for (let port = first; port <= last; port++) if (await probe(host, address, port)) code = 0;
    quit(code);
  });
}

function probe(host, address, port) {
  return new Promise((resolve) => {
    if (flags.u) {
      const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
      socket.connect(port, address, () => socket.send("X", () => {}));
      socket.on("error", () => { socket.close(); resolve(false); });
      setTimeout(() => { say("Connection to " + host + " (" + address + ") " + port + " port [udp/*] succeeded!"); socket.close(); resolve(true); }, 500);
      return;
    }
    const socket = net.connect(port, address);
    const fail = (why) => { say("nc: connect to " + host + " (" + address + ") port " + port + " (tcp) " + why); socket.destroy(); resolve(false); };
    if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => fail("timed out: Operation now in progress"));
    socket.on("connect", () => { say("Connection to " + host + " (" + address + ") " + port + " port [tcp/*] succeeded!"); socket.destroy(); resolve(true); });
    socket.on("error", (error) => fail("failed: " + ({ ECONNREFUSED: "Connection refused", EHOSTUNREACH: "No route to host", ENETUNREACH: "Network is unreachable", ETIMEDOUT: "Connection timed out", EPERM: "Operation not permitted" }[error.code] ?? error.message)));
  });
}

function talk(host, address, port) {
  if (flags.u) {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("message", (bytes) => process.stdout.write(bytes));
    process.stdin.on("data", (data) => socket.send(data, port, address));
    process.stdin.on("end", () => setTimeout(() => quit(0), timeoutMs || 1000));
    if (timeoutMs > 0) setTimeout(() => quit(0), timeoutMs);
    return;
  }
  const socket = net.connect({ port, host: address, allowHalfOpen: true });
  let isOpen = false;
  if (timeoutMs > 0) socket.setTimeout(timeoutMs, () => { if (!isOpen) process.stderr.write("nc: connect to " + host + " port " + port + " (tcp) timed out: Operation now in progress\n"); quit(isOpen ? 0 : 1); });
  socket.on("connect", () => { isOpen = true; say("Connection to " + host + " (" + address + ") " + port + " port [tcp/*] succeeded!"); process.stdin.pipe(socket); });
  socket.on("error", (error) => { process.stderr.write("nc: " + error.message + "\n"); quit(1); });
  socket.pipe(process.stdout, { end: false });
  socket.on("end", () => { socket.end(); quit(0); });
}
`;

const DNS_COMMON = String.raw`"use strict";
const dns = require("node:dns"), fs = require("node:fs");
const conf = { servers: [], search: [], ndots: 1 };
try {
  for (const line of fs.readFileSync("/etc/resolv.conf", "utf8").split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver") conf.servers.push(rest[0]);
    if (word === "search") conf.search = rest;
    if (word === "options") for (const option of rest) if (option.startsWith("ndots:")) conf.ndots = Number(option.slice(6));
  }
} catch {}
const resolverOf = (server) => {
  const resolver = new dns.promises.Resolver({ timeout: 3000, tries: 2 });
  if (server !== undefined) resolver.setServers([server.includes(":") && !server.startsWith("[") ? "[" + server + "]" : server]);
  return resolver;
};
const reverseName = (ip) => ip.split(".").reverse().join(".") + ".in-addr.arpa";
const ask = async (resolver, name, type) => {
  const answers = await resolver.resolve(name, type);
  switch (type) {
    case "MX": return answers.map((a) => a.priority + " " + a.exchange + ".");
    case "SRV": return answers.map((a) => [a.priority, a.weight, a.port, a.name + "."].join(" "));
    case "TXT": return answers.map((a) => a.map((t) => JSON.stringify(t)).join(" "));
    case "SOA": return [[answers.nsname + ".", answers.hostmaster + ".", answers.serial, answers.refresh, answers.retry, answers.expire, answers.minttl].join(" ")];
    case "CNAME": case "NS": case "PTR": return answers.map((a) => a + ".");
    default: return answers;
  }
};
const candidates = (name) => {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const full = conf.search.map((domain) => name + "." + domain);
  return name.split(".").length - 1 >= conf.ndots ? [name, ...full] : [...full, name];
};
`;

/** dig: @server, type, +short, +search, -x. */
export const DIG = String.raw`${DNS_COMMON}
const TYPES = new Set(["A", "AAAA", "MX", "SRV", "TXT", "SOA", "CNAME", "NS", "PTR"]);
let server, type = "A", name, isShort = false, isSearch = false;
const argv = process.argv.slice(2);
for (let i = 0; i < argv.length; i++) {
  const arg = argv[i];
  if (arg.startsWith("@")) server = arg.slice(1);
  else if (arg === "-x") { name = reverseName(argv[++i]); type = "PTR"; }
  else if (arg === "-t") type = argv[++i].toUpperCase();
  else if (arg === "+short") isShort = true;
  else if (arg === "+search") isSearch = true;
  else if (arg.startsWith("+") || arg.startsWith("-") || arg.toUpperCase() === "IN") continue;
  else if (TYPES.has(arg.toUpperCase()) && name !== undefined) type = arg.toUpperCase();
  else name = arg;
}
const CODES = { ENOTFOUND: "NXDOMAIN", ESERVFAIL: "SERVFAIL", EREFUSED: "REFUSED", ENODATA: "NOERROR" };
(async () => {
  const resolver = resolverOf(server);
  let code = "ENOTFOUND", answers = [], asked = name;
  for (const candidate of isSearch ? candidates(name) : [name.replace(/\.$/, "")]) {
    asked = candidate;
    try { answers = await ask(resolver, candidate, type); code = "ENODATA"; break; } catch (error) { code = error.code; if (code === "ENODATA") break; }
  }
  if (code === "ETIMEOUT" || code === "ECONNREFUSED") { console.log(";; connection timed out; no servers could be reached"); process.exitCode = 9; return; }
  if (isShort) { for (const answer of answers) console.log(answer); return; }
  console.log("\n;; ->>HEADER<<- opcode: QUERY, status: " + (CODES[code] ?? code) + "\n;; ANSWER: " + answers.length + "\n\n;; QUESTION SECTION:\n;" + asked + ".\t\tIN\t" + type);
  if (answers.length > 0) console.log("\n;; ANSWER SECTION:\n" + answers.map((answer) => asked + ".\tIN\t" + type + "\t" + answer).join("\n"));
  console.log("\n;; SERVER: " + (server ?? conf.servers[0]) + "#53\n");
})();
`;

/** nslookup: a name or an address, and a server. */
export const NSLOOKUP = String.raw`${DNS_COMMON}
const words = process.argv.slice(2).filter((arg) => !arg.startsWith("-"));
const types = process.argv.slice(2).flatMap((arg) => /^-(?:type|query|q)=(\w+)$/i.exec(arg)?.[1].toUpperCase() ?? []);
const [name, server = conf.servers[0]] = words;
(async () => {
  if (name === undefined) { console.error("usage: nslookup [-type=TYPE] name [server]"); process.exitCode = 1; return; }
  const resolver = resolverOf(words[1]);
  console.log("Server:\t\t" + server + "\nAddress:\t" + server + "#53\n");
  if (/^[\d.]+$/.test(name)) {
    try { for (const answer of await ask(resolver, reverseName(name), "PTR")) console.log(reverseName(name) + "\tname = " + answer); }
    catch { console.log("** server can't find " + reverseName(name) + ": NXDOMAIN"); process.exitCode = 1; }
    return;
  }
  for (const candidate of candidates(name)) {
    let found = false;
    for (const type of types.length > 0 ? types : ["A", "AAAA"]) {
      try {
        for (const answer of await ask(resolver, candidate, type)) {
          found = true;
          console.log(type === "A" || type === "AAAA" ? "Name:\t" + candidate + "\nAddress: " + answer : candidate + "\t" + type + " = " + answer);
        }
      } catch (error) {
        if (error.code === "ETIMEOUT" || error.code === "ECONNREFUSED") { console.log(";; connection timed out; no servers could be reached"); process.exitCode = 1; return; }
      }
    }
    if (found) return;
  }
  console.log("** server can't find " + name + ": NXDOMAIN");
  process.exitCode = 1;
})();
`;

/** wget: -q -O -S -T --timeout --post-data --header --spider -t. */
export const WGET = String.raw`"use strict";
const http = require("node:http"), https = require("node:https"), fs = require("node:fs"), path = require("node:path");
${TRUSTED}
const headers = { "user-agent": "Wget" };
let out, url, isQuiet = false, timeoutMs = 0, body, isSpider = false, shows = false, insecure = false;
const argv = process.argv.slice(2);
for (let i = 0; i < argv.length; i++) {
  const arg = argv[i];
  const value = () => (arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : argv[++i]);
  if (arg === "-q" || arg === "--quiet") isQuiet = true;
  else if (arg === "-qO-" || arg === "-O-") { isQuiet ||= arg[1] === "q"; out = "-"; }
  else if (arg === "-O" || arg.startsWith("--output-document")) out = value();
  else if (arg === "-qO") { isQuiet = true; out = argv[++i]; }
  else if (arg === "-S") shows = true;
  else if (arg === "-T" || arg.startsWith("--timeout")) timeoutMs = Number(value()) * 1000;
  else if (arg === "-t" || arg.startsWith("--tries")) value();
  else if (arg.startsWith("--post-data")) body = value();
  else if (arg.startsWith("--header")) { const text = value(); const at = text.indexOf(":"); headers[text.slice(0, at).toLowerCase()] = text.slice(at + 1).trim(); }
  else if (arg === "--spider") isSpider = true;
  else if (arg === "--no-check-certificate") insecure = true;
  else if (!arg.startsWith("-")) url = arg;
}
const say = (text) => { if (!isQuiet) process.stderr.write(text + "\n"); };
const fail = (text, code) => { process.stderr.write("wget: " + text + "\n"); process.exit(code); };
if (url === undefined) fail("missing URL", 1);
get(/^https?:/.test(url) ? url : "http://" + url, 5);
function get(target, left) {
  const { protocol } = new URL(target);
  const request = (protocol === "https:" ? https : http).request(target, { method: body === undefined ? "GET" : "POST", headers, rejectUnauthorized: !insecure, ca: protocol === "https:" && !insecure ? trusted() : undefined }, (response) => {
    const { statusCode, headers: answered } = response;
    if (shows) process.stderr.write("  HTTP/" + response.httpVersion + " " + statusCode + " " + response.statusMessage + "\n" + Object.entries(answered).map(([k, v]) => "  " + k + ": " + v).join("\n") + "\n");
    if (statusCode >= 300 && statusCode < 400 && answered.location && left > 0) { response.resume(); get(new URL(answered.location, target).href, left - 1); return; }
    if (statusCode >= 400) fail("server returned error: HTTP/" + response.httpVersion + " " + statusCode + " " + response.statusMessage, 8);
    if (isSpider) { response.resume(); say("remote file exists"); return; }
    const name = out ?? (path.basename(new URL(target).pathname) || "index.html");
    say("saving to '" + name + "'");
    response.pipe(name === "-" ? process.stdout : fs.createWriteStream(name));
  });
  if (timeoutMs > 0) request.setTimeout(timeoutMs, () => fail("download timed out", 4));
  request.on("error", (error) => fail("can't connect to remote host: " + error.message, 4));
  request.end(body);
}
`;
