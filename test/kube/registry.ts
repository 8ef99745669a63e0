/**
 * The registry that nodes pull all images from, whichever they are named after: files, which nginx
 * serves by the paths of the OCI distribution API, and only to read.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureDebianProgram, libraryFolders } from "./debian-programs.ts";
import { REGISTRY_FOLDER } from "./images.ts";
import { FOLDER, MACHINE_ADDRESS, REGISTRY_PORT } from "./places.ts";
import { controlPlaneProgram, type Program, start } from "./processes.ts";

export const REGISTRY: Program = controlPlaneProgram("registry", "nginx");
const CONFIG = join(FOLDER, "registry.conf");
const TEMPORARIES = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** By digest; else by the whole name; else what goes for every image of that last part. */
const NGINX_CONFIG = `user root;
daemon off;
worker_processes 1;
pid ${FOLDER}/registry.pid;
error_log /dev/stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  ${TEMPORARIES.map((name) => `${name}_temp_path ${FOLDER}/registry.tmp;`).join("\n  ")}
  server {
    listen ${MACHINE_ADDRESS}:${REGISTRY_PORT};
    root ${REGISTRY_FOLDER};
    types {}
    location = /v2/ { default_type application/json; return 200 "{}"; }
    location ~ ^/v2/.+/blobs/(?<digest>sha256:[0-9a-f]+)$ {
      default_type application/octet-stream;
      try_files /blobs/$digest =404;
    }
    location ~ ^/v2/(?<path>.+/)?(?<last>[^/]+)/manifests/(?<reference>[^/]+)$ {
      default_type application/vnd.oci.image.manifest.v1+json;
      try_files /blobs/$reference /named/$arg_ns/$path$last/$reference /any/$last =404;
    }
  }
}
`;

export async function startRegistry(): Promise<void> {
  mkdirSync(join(FOLDER, "registry.tmp"), { recursive: true });
  writeFileSync(CONFIG, NGINX_CONFIG);
  const nginx = await ensureDebianProgram("nginx");
  const libraries = { LD_LIBRARY_PATH: libraryFolders().join(":") };
  const command = [nginx, "-e", "/dev/stderr", "-p", FOLDER, "-c", CONFIG];
  await start(REGISTRY, command, libraries);
}

/** What tells a containerd to ask this registry for everything. */
export function writeRegistryHosts(folder: string): void {
  const url = `http://${MACHINE_ADDRESS}:${REGISTRY_PORT}`;
  mkdirSync(join(folder, "_default"), { recursive: true });
  const text = `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`;
  writeFileSync(join(folder, "_default/hosts.toml"), text);
}
