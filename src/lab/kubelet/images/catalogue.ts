import { createHash } from "node:crypto";
import { posix } from "node:path";
import { AppError } from "#base";
import { parseImage } from "./reference.ts";

/** Servers that the kubelet itself is, with sockets in the pod's network. */
type StandInKind =
  | "http"
  | "http-echo"
  | "echo"
  | "json"
  | "whoami"
  | "postgres"
  | "redis"
  | "mysql"
  | "dns";

/** What an image is here. */
export type Image =
  | {
      readonly kind: "stand-in";
      readonly standIn: StandInKind;
      /** Where it listens when its container declares no port. */
      readonly ports: readonly number[];
      /** Its program's names: a command that begins with one is the stand-in too. */
      readonly programs: readonly string[];
      /** As the image calls its server, for headers and pages. */
      readonly name: string;
    }
  | {
      readonly kind: "programs";
      /** What runs where the container has no command. */
      readonly entrypoint: readonly string[];
      readonly command: readonly string[];
    }
  | { readonly kind: "host"; readonly path: string };

export interface FoundImage {
  readonly image: Image;
  /** As status shows it. */
  readonly name: string;
  readonly id: string;
}

const HOST_SCHEME = "host://";

/** By the last part of their repositories, whoever published them. */
const IMAGES: Readonly<Record<string, Image>> = {
  nginx: standIn("http", [80], ["nginx", "nginx-debug"]),
  "nginx-unprivileged": standIn("http", [8080], ["nginx", "nginx-debug"]),
  httpd: standIn("http", [80], ["httpd", "httpd-foreground"]),
  caddy: standIn("http", [80], ["caddy"]),
  traefik: standIn("http", [80], ["traefik"]),
  httpbin: standIn("echo", [80], ["gunicorn"]),
  "http-echo": standIn("http-echo", [5678], ["http-echo"]),
  echoserver: standIn("echo", [8080], ["nginx", "run.sh"]),
  "echo-server": standIn("echo", [8080], ["echo-server"]),
  "hello-app": standIn("echo", [8080], ["hello-app"]),
  "json-mock": standIn("json", [8080], ["node", "npm", "index.js"]),
  whoami: standIn("whoami", [80], ["whoami"]),
  postgres: standIn("postgres", [5432], ["postgres", "docker-entrypoint.sh"]),
  redis: standIn("redis", [6379], ["redis-server"]),
  valkey: standIn("redis", [6379], ["valkey-server", "redis-server"]),
  mysql: standIn("mysql", [3306], ["mysqld"]),
  mariadb: standIn("mysql", [3306], ["mariadbd", "mysqld"]),
  coredns: standIn("dns", [], ["coredns"]),
  busybox: programs([], ["sh"]),
  alpine: programs([], ["/bin/sh"]),
  ubuntu: programs([], ["bash"]),
  debian: programs([], ["bash"]),
  bash: programs([], ["bash"]),
  netshoot: programs([], ["bash"]),
  "network-multitool": programs([], ["sleep", "infinity"]),
  dnsutils: programs([], ["sleep", "infinity"]),
  "jessie-dnsutils": programs([], ["sleep", "infinity"]),
  "alpine-curl": programs(["curl"], ["--help"]),
  curl: programs(["curl"], ["--help"]),
  pause: programs(["sleep", "infinity"], []),
  node: programs([], [process.execPath]),
};

function standIn(kind: StandInKind, ports: readonly number[], names: readonly string[]): Image {
  return { kind: "stand-in", standIn: kind, ports, programs: names, name: names[0] ?? kind };
}

function programs(entrypoint: readonly string[], command: readonly string[]): Image {
  return { kind: "programs", entrypoint, command };
}

/** The image of that name; an AppError says what there is where there is none. */
export function findImage(image: string): FoundImage {
  if (image.startsWith(HOST_SCHEME)) return hostProgram(image);
  const { repository, tag, digest } = parseImage(image);
  const found = IMAGES[posix.basename(repository)];
  const name = `${repository}${tag === undefined ? "" : `:${tag}`}`;
  if (found === undefined) {
    throw new AppError(
      "no-image",
      `failed to pull image ${JSON.stringify(name)}: the lab has no registry. ` +
        `Its images are ${Object.keys(IMAGES).join(", ")}; ` +
        "host:///PATH runs a program of this machine",
    );
  }
  return { image: found, name, id: `${repository}@${digest ?? digestOf(repository)}` };
}

function hostProgram(image: string): FoundImage {
  const path = image.slice(HOST_SCHEME.length);
  if (!path.startsWith("/")) {
    throw new AppError(
      "no-image",
      `${JSON.stringify(image)} names no program: host:// takes a whole path, as host:///usr/bin/curl`,
    );
  }
  return { image: { kind: "host", path }, name: image, id: `${image}@${digestOf(image)}` };
}

/** The same everywhere, as a digest should be. */
function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

/** What a container of an image runs. */
export type Launch =
  | {
      readonly kind: "stand-in";
      readonly image: Image & { readonly kind: "stand-in" };
      readonly args: readonly string[];
    }
  | { readonly kind: "program"; readonly argv: readonly string[] };

/** By the rules of images: a command stands for entry point and command, arguments for the command. */
export function launchOf(
  image: Image,
  command: readonly string[] = [],
  args?: readonly string[],
): Launch {
  if (image.kind === "host") {
    return {
      kind: "program",
      argv: command.length > 0 ? [...command, ...(args ?? [])] : [image.path, ...(args ?? [])],
    };
  }
  if (image.kind === "programs") {
    if (command.length > 0) return { kind: "program", argv: [...command, ...(args ?? [])] };
    return { kind: "program", argv: withEntrypoint(image.entrypoint, args ?? image.command) };
  }
  const program = command[0] ?? args?.[0];
  const isProgramNamed = program !== undefined && image.programs.includes(posix.basename(program));
  if (command.length > 0) {
    if (!isProgramNamed) return { kind: "program", argv: [...command, ...(args ?? [])] };
    return { kind: "stand-in", image, args: [...command.slice(1), ...(args ?? [])] };
  }
  return { kind: "stand-in", image, args: isProgramNamed ? (args ?? []).slice(1) : (args ?? []) };
}

/** curl's image runs another program where its arguments name one. */
function withEntrypoint(entrypoint: readonly string[], args: readonly string[]): string[] {
  const [first = ""] = args;
  const isOther = entrypoint[0] === "curl" && /^(curl|sh|bash|sleep|\/.*)$/.test(first);
  return isOther ? [...args] : [...entrypoint, ...args];
}
