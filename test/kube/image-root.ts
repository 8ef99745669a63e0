/** The files of the test images: one tree for all, of this machine's programs and their libraries. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ensureDebianProgram, libraryFolders } from "./debian-programs.ts";
import { need } from "./processes.ts";
import { findOnPath } from "./programs.ts";

/** Programs of this machine that go in where they are there, by their names in the image. */
const OWN_PROGRAMS = ["curl", "bash", "dig"];
/** What programs of glibc load by name to look others up, and ldd does not tell. */
const NAME_SERVICES = ["libnss_files.so.2", "libnss_dns.so.2"];

/**
 * For a POSIX shell that runs programs of the PATH: busybox's own prefers its applets, which know
 * less.
 */
const SHELLS = ["dash", "bash"];

const NGINX_PAGE = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by nginx in a pod of a test cluster.</p>
</body>
</html>
`;

/** 3000 too, for manifests that run nginx as an API there. */
const NGINX_CONFIG = `user root;
worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr notice;
events { worker_connections 512; }
http {
  access_log /dev/stdout;
  include /etc/nginx/conf.d/*.conf;
}
`;
const NGINX_SERVER = `server {
  listen 80;
  listen 3000;
  root /usr/share/nginx/html;
  types { text/html html; text/plain txt; application/json json; }
}
`;

const HTTP_ECHO = `#!/bin/sh
# Answers every request with a text: http-echo -text=hello -listen=:5678
text=hello-world listen=5678
while [ $# -gt 0 ]; do
  case $1 in
    -text=*|--text=*) text=\${1#*=} ;;
    -listen=*|--listen=*) listen=\${1##*:} ;;
    -text|--text) shift; text=$1 ;;
    -listen|--listen) shift; listen=\${1##*:} ;;
  esac
  shift
done
mkdir -p /tmp/echo
printf '%s\\n' "$text" > /tmp/echo/text
printf 'server { listen %s; root /tmp/echo; error_page 405 =200 $uri; location / { try_files /text =404; } }\\n' \\
  "$listen" > /etc/nginx/conf.d/default.conf
exec nginx -g 'daemon off;'
`;

/** As in curl's image: options are curl's, and a program's name is that program. */
const CURL_ENTRY = `#!/bin/sh
if [ "\${1#-}" != "$1" ] || ! command -v "$1" > /dev/null; then set -- curl "$@"; fi
exec "$@"
`;

const FILES: Readonly<Record<string, string>> = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
  "etc/services": "http 80/tcp\nhttps 443/tcp\ndomain 53/udp\n",
  "etc/nginx/nginx.conf": NGINX_CONFIG,
  "etc/nginx/conf.d/default.conf": NGINX_SERVER,
  "usr/share/nginx/html/index.html": NGINX_PAGE,
};

const SCRIPTS: Readonly<Record<string, string>> = {
  "usr/bin/http-echo": HTTP_ECHO,
  "entrypoint.sh": CURL_ENTRY,
};

/** Puts the tree into a folder that is there and empty. */
export async function makeImageRoot(root: string): Promise<void> {
  for (const folder of ["bin", "usr/bin", "etc", "root", "var/log/nginx", "var/lib/nginx"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  symlinkSync("/tmp", join(root, "run"));
  for (const name of ["busybox", "nginx", "nc"] as const) {
    await addProgram(root, await ensureDebianProgram(name), name);
  }
  for (const name of [...OWN_PROGRAMS, ...SHELLS]) {
    const path = findOnPath(name);
    if (path !== undefined) await addProgram(root, path, name);
  }
  await addApplets(root);
  for (const [path, text] of Object.entries(FILES)) write(root, path, text);
  for (const [path, text] of Object.entries(SCRIPTS)) {
    write(root, path, text);
    chmodSync(join(root, path), 0o755);
  }
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function addProgram(root: string, path: string, name: string): Promise<void> {
  const target = join(root, "bin", name);
  if (existsSync(target)) return;
  copyFileSync(path, target);
  chmodSync(target, 0o755);
  for (const library of await librariesOf(path)) addLibrary(root, library);
}

/** The linker tells where it finds each, in a line `libc.so.6 => /lib/libc.so.6 (0x…)`. */
async function librariesOf(path: string): Promise<string[]> {
  const folders = libraryFolders().join(":");
  const told = await need(["env", `LD_LIBRARY_PATH=${folders}`, "ldd", path]);
  const paths = [...told.matchAll(/(\/[^\s()]+) \(0x/g)].map(([, found = ""]) => found);
  const libc = paths.find((each) => basename(each).startsWith("libc.so"));
  const beside = libc === undefined ? [] : NAME_SERVICES.map((each) => join(dirname(libc), each));
  return [...paths, ...beside.filter((each) => existsSync(each))];
}

/** Where the program looks for it: those of the cache, in the standard folder. */
function addLibrary(root: string, path: string): void {
  const isCached = libraryFolders().includes(dirname(path));
  const place = isCached ? join("/lib", basename(dirname(path)), basename(path)) : path;
  const target = join(root, place);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(path, target, { dereference: true });
}

async function addApplets(root: string): Promise<void> {
  const names = await need([join(root, "bin/busybox"), "--list"]);
  const shell = SHELLS.find((name) => existsSync(join(root, "bin", name)));
  if (shell !== undefined) symlinkSync(shell, join(root, "bin/sh"));
  const taken = new Set(readdirSync(join(root, "bin")));
  for (const name of names.split("\n")) {
    if (name !== "" && !taken.has(name)) symlinkSync("busybox", join(root, "bin", name));
  }
}
