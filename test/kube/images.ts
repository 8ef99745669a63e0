/** Images as a registry serves them: a layer of files, a description, a manifest. */
import { createHash } from "node:crypto";
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { AppError } from "#base";
import { makeImageRoot } from "./image-root.ts";
import { FOLDER } from "./places.ts";
import { need } from "./processes.ts";
import { COREDNS, programPath } from "./programs.ts";

export const REGISTRY_FOLDER = join(FOLDER, "registry");

/** What a container of an image runs where its pod does not say. */
interface Launch {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const NGINX: Launch = { command: ["nginx", "-g", "daemon off;"] };
const SHELL: Launch = { command: ["sh"] };
const BASH: Launch = { command: ["bash"] };
const IDLE: Launch = { command: ["sleep", "infinity"] };

/**
 * Images by the last part of their names, under whatever registry and tag: the lab's catalogue has
 * the same. Databases accept connections, and give back what they are told.
 */
const IMAGES: Readonly<Record<string, Launch>> = {
  nginx: NGINX,
  httpd: NGINX,
  "http-echo": { entrypoint: ["/usr/bin/http-echo"] },
  postgres: listener(5432),
  redis: listener(6379),
  busybox: SHELL,
  alpine: SHELL,
  debian: BASH,
  ubuntu: BASH,
  bash: BASH,
  netshoot: BASH,
  "network-multitool": IDLE,
  dnsutils: IDLE,
  "jessie-dnsutils": IDLE,
  curl: { entrypoint: ["/entrypoint.sh"], command: ["curl"] },
  "alpine-curl": { entrypoint: ["/entrypoint.sh"], command: ["curl"] },
  pause: { entrypoint: ["sleep", "infinity"] },
};

function listener(port: number): Launch {
  return { command: ["busybox", "nc", "-ll", "-p", String(port), "-e", "cat"] };
}

/** Makes the images that every cluster has, of this machine's programs. */
export async function makeTestImages(): Promise<void> {
  const folder = mkdtempSync(join(FOLDER, "image-"));
  try {
    await makeImageRoot(folder);
    const layer = await addLayer(folder);
    for (const [name, launch] of Object.entries(IMAGES)) {
      await addManifest(join("any", name), layer, launch);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function makeDnsImage(): Promise<void> {
  const layer = await addLayer(dirname(programPath(COREDNS)), [COREDNS]);
  const launch = { entrypoint: [`/${COREDNS}`] };
  await addManifest(join("any", COREDNS), layer, launch);
}

/** Puts a folder into the registry as an image of that name and tag. */
export async function addImage(
  name: string,
  folder: string,
  command: readonly string[],
): Promise<string> {
  const reference = parseReference(name);
  if (!isFolder(folder)) {
    throw new AppError("no-folder", `${folder} is no folder: give the files of the image's root.`);
  }
  const { host, path, tag } = reference;
  await addManifest(join("named", host, path, tag), await addLayer(folder), { command });
  return `${host}/${path}:${tag}`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

interface Reference {
  readonly host: string;
  readonly path: string;
  readonly tag: string;
}

const HOST = /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d+)?$/;
const PART = "[a-z0-9]+([._-]+[a-z0-9]+)*";
const PATH = new RegExp(`^${PART}(/${PART})*$`);
const TAG = /^\w[\w.-]{0,127}$/;

/** As container runtimes complete names: busybox is docker.io/library/busybox:latest. */
export function parseReference(name: string): Reference {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === "localhost";
  const rest = isHost ? name.slice(slash + 1) : name;
  const [path = "", tag = "latest", ...more] = rest.split(":");
  const isWhole = PATH.test(path) && TAG.test(tag) && more.length === 0;
  if (!isWhole || (isHost && !HOST.test(first))) {
    throw new AppError("image-name", `${name} is no name for an image, such as test/web:1.`);
  }
  const isBare = !isHost && !path.includes("/");
  return { host: isHost ? first : "docker.io", path: isBare ? `library/${path}` : path, tag };
}

/** A layer of all files in a folder, or of those named; answers what a manifest says of it. */
async function addLayer(folder: string, names: readonly string[] = ["."]): Promise<Blob> {
  const file = temporary("layer");
  const owned = ["--numeric-owner", "--owner=0", "--group=0"];
  await need(["tar", "-C", folder, ...owned, "--sort=name", "-cf", file, ...names]);
  return keep(file, "application/vnd.oci.image.layer.v1.tar");
}

function addText(mediaType: string, content: object): Promise<Blob> {
  const file = temporary("text");
  writeFileSync(file, JSON.stringify(content));
  return keep(file, mediaType);
}

let temporaries = 0;

function temporary(kind: string): string {
  mkdirSync(join(REGISTRY_FOLDER, "blobs"), { recursive: true });
  temporaries += 1;
  return join(REGISTRY_FOLDER, `${kind}.${process.pid}.${temporaries}`);
}

/** Moves a file to where it is found by what is in it. */
async function keep(file: string, mediaType: string): Promise<Blob> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const digest = `sha256:${hash.digest("hex")}`;
  renameSync(file, blobPath(digest));
  return { mediaType, digest, size: statSync(blobPath(digest)).size };
}

function blobPath(digest: string): string {
  return join(REGISTRY_FOLDER, "blobs", digest);
}

const PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64" };

/** `place` is where the registry looks for it, below its folder. */
async function addManifest(place: string, layer: Blob, launch: Launch): Promise<void> {
  const { entrypoint, command } = launch;
  const config = await addText("application/vnd.oci.image.config.v1+json", {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: "linux",
    config: {
      Env: [`PATH=${PATHS}`],
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(command === undefined ? {} : { Cmd: command }),
    },
    // Tells images apart that have the same files and command.
    history: [{ created_by: basename(place) }],
    // Of files that are not compressed, the same.
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = await addText(mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: [layer],
  });
  const path = join(REGISTRY_FOLDER, place);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, readFileSync(blobPath(manifest.digest)));
}
