// The one entry behind every npm script: makes the machine ready, then runs the command.
//
// Plain Node with no dependencies, in syntax that old versions of Node can parse, because it is
// what tells people that their Node is too old.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inTurn } from "./lib/turns.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const NEEDED_NODE = [20, 20];

/** A Debian package, and a program by which one sees that it is there. */
const debian = {
  nft: { program: "nft", package: "nftables" },
  // Of this machine, in the lab's containers; they have a stand-in where there is none.
  curl: { program: "curl", package: "curl" },
  iproute: { program: "ip", package: "iproute2" },
  qemu: { program: "qemu-system-x86_64", package: "qemu-system-x86" },
  busybox: { program: "busybox", package: "busybox-static" },
  xz: { program: "xz", package: "xz-utils" },
  debootstrap: { program: "debootstrap", package: "debootstrap" },
  clang: { program: "clang-19", package: "clang-19" },
  llvm: { program: "llvm-strip-19", package: "llvm-19" },
  cc: { program: "cc", package: "gcc" },
  libcHeaders: { program: "../include/stdio.h", package: "libc6-dev" },
  linuxHeaders: { program: "../include/linux/bpf.h", package: "linux-libc-dev" },
  containerd: { program: "containerd", package: "containerd" },
  runc: { program: "runc", package: "runc" },
  cniPlugins: { program: "../lib/cni/loopback", package: "containernetworking-plugins" },
  iptables: { program: "iptables", package: "iptables" },
  openssl: { program: "openssl", package: "openssl" },
};

const commands = {
  // Only kernel tests want it, which others than root leave out.
  test: { script: "tools/test.ts", debianForRoot: [debian.nft, debian.iproute, debian.curl] },
  lab: {
    script: "tools/lab.ts",
    debian: [debian.nft, debian.iproute, debian.curl],
    linux: true,
    root: true,
  },
  kube: {
    script: "tools/kube.ts",
    debian: [
      debian.containerd,
      debian.runc,
      debian.cniPlugins,
      debian.iptables,
      debian.nft,
      debian.openssl,
      debian.curl,
    ],
    linux: true,
    root: true,
  },
  "kube-data": { script: "tools/kube-data.ts" },
  "kube-protobuf": { script: "tools/kube-protobuf.ts" },
  check: { script: "tools/check.ts" },
  ci: { script: "tools/ci.ts" },
  build: { script: "tools/build.ts" },
  tidy: { script: "tools/tidy.ts" },
  format: { script: "tools/format.ts" },
  bench: {
    script: "tools/bench.ts",
    debian: [debian.iproute, debian.cc, debian.libcHeaders],
  },
  soak: { script: "tools/soak.ts" },
  // Makes what the others install by.
  lock: { script: "tools/lock.mjs", plain: true },
  bpf: {
    script: "tools/bpf.ts",
    debian: [debian.clang, debian.llvm, debian.linuxHeaders],
    linux: true,
  },
  "test:contract": {
    script: "tools/test-contract.ts",
    debian: [debian.nft, debian.iproute, debian.curl],
    linux: true,
    root: true,
  },
  "test:kernel": {
    script: "tools/test-kernel.ts",
    debian: [debian.qemu, debian.busybox, debian.xz],
    linux: true,
  },
  "test:fresh": {
    script: "tools/test-fresh.ts",
    debian: [debian.debootstrap],
    linux: true,
    root: true,
  },
};

class Refusal extends Error {}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor < NEEDED_NODE[1])) {
    throw new Refusal(
      `Node ${process.versions.node} is too old: install Node ${NEEDED_NODE.join(".")} or later and run this again.`,
    );
  }
}

function checkPlatform(name, command) {
  if (command.linux && process.platform !== "linux") {
    throw new Refusal(
      `npm run ${name} needs Linux 6.1 or later, and this is ${process.platform}: run it on a Linux machine or VM ("npm test" runs the pure tests here).`,
    );
  }
  if (command.root && process.getuid && process.getuid() !== 0) {
    throw new Refusal(`npm run ${name} needs root: run it as root or with sudo.`);
  }
}

const stamp = join(root, "node_modules", ".ciliate-installed");

/** Everything that decides what `npm ci` puts into node_modules. */
function installFingerprint() {
  const hash = createHash("sha256");
  hash.update(readFileSync(join(root, "package-lock.json")));
  hash.update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  return hash.digest("hex");
}

/** Runs a program quietly, saying what goes on every few seconds; resolves to its output. */
function runQuietly(what, program, args, environment) {
  return new Promise((resolve, reject) => {
    const began = Date.now();
    console.log(`${what} ...`);
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const seconds = () => Math.round((Date.now() - began) / 1000);
    const ticker = setInterval(() => console.log(`${what} ... ${seconds()} s`), 5000);
    child.on("error", (error) => {
      clearInterval(ticker);
      reject(error);
    });
    child.on("close", (status) => {
      clearInterval(ticker);
      if (status === 0) console.log(`${what}: done in ${seconds()} s`);
      resolve({ status, output });
    });
  });
}

function areNpmPackagesThere() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === installFingerprint();
}

/** In turn: two at once would empty node_modules under each other. */
async function installNpmPackages() {
  if (areNpmPackagesThere()) return;
  const onWait = (pid) =>
    console.log(`Waiting for process ${pid}, which installs npm packages ...`);
  await inTurn(join(root, ".cache", "npm-install"), onWait, async () => {
    if (!areNpmPackagesThere()) await runNpmCi();
  });
}

async function runNpmCi() {
  const fingerprint = installFingerprint();
  const npm = process.env.npm_execpath;
  const [program, first] = npm && /\.c?js$/.test(npm) ? [process.execPath, [npm]] : ["npm", []];
  const result = await runQuietly("Installing npm packages", program, [...first, "ci"]).catch(
    () => {
      throw new Refusal("npm was not found: install npm beside Node and run this again.");
    },
  );
  if (result.status !== 0) {
    const lines = result.output
      .split("\n")
      .filter((line) => line.startsWith("npm error"))
      .map((line) => line.replace(/^npm error ?(code )?/, "").trim())
      .filter((line) => line !== "");
    const mismatch = lines.find((line) => /^(Missing|Invalid): /.test(line));
    if (mismatch) {
      throw new Refusal(
        `package-lock.json is not that of package.json (${mismatch}): run "npm run lock".`,
      );
    }
    const reason = lines.slice(0, 2).join(": ");
    const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network/.test(
      result.output,
    );
    throw new Refusal(
      offline
        ? `npm could not reach its registry (${reason}): check the network or npm's registry and proxy settings, and run this again.`
        : `npm ci failed (${reason || "no reason given"}): run "npm ci" in ${root} to see all of it.`,
    );
  }
  writeFileSync(stamp, fingerprint);
}

function isInstalled(program) {
  const folders = [...(process.env.PATH || "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/**
 * Debian starts a package's service as soon as it is installed, unless this file says no; nothing
 * here wants one, and a port that it takes may be wanted. Where we are killed before the file is
 * taken away, it takes itself away when it is next asked.
 */
async function withoutServices(install) {
  const path = "/usr/sbin/policy-rc.d";
  if (existsSync(path)) return install();
  const script = `#!/bin/sh\nkill -0 ${process.pid} 2> /dev/null && exit 101\nrm -f ${path}\n`;
  writeFileSync(path, script, { mode: 0o755 });
  try {
    return await install();
  } finally {
    if (existsSync(path)) unlinkSync(path);
  }
}

async function installDebianPackages(name, wanted) {
  const missing = wanted.filter((each) => !isInstalled(each.program)).map((each) => each.package);
  if (missing.length === 0) return;
  const list = missing.join(" ");
  const isRoot = process.getuid && process.getuid() === 0;
  if (!isRoot || !isInstalled("apt-get")) {
    const how = isInstalled("apt-get")
      ? `run "apt-get install ${list}" as root`
      : `install what Debian calls ${list} with this system's package manager`;
    throw new Refusal(
      `npm run ${name} needs programs that are not here: ${how}, and run this again.`,
    );
  }
  const install = ["install", "-y", "--no-install-recommends", ...missing];
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  const what = `Installing Debian packages: ${list}`;
  let result = spawnSync("apt-get", ["--dry-run", ...install], { encoding: "utf8" });
  if (result.status !== 0)
    await runQuietly("Reading Debian's package lists", "apt-get", ["update"], quiet);
  result = await withoutServices(() => runQuietly(what, "apt-get", install, quiet));
  if (result.status !== 0) {
    const reason =
      result.output.split("\n").find((line) => line.startsWith("E: ")) || "no reason given";
    throw new Refusal(
      `apt-get could not install ${list} (${reason.trim()}): install them and run this again.`,
    );
  }
}

function runScript(command, args) {
  return new Promise((resolve) => {
    const loader = command.plain ? [] : ["--import", "tsx"];
    const child = spawn(process.execPath, [...loader, join(root, command.script), ...args], {
      cwd: root,
      stdio: "inherit",
    });
    // The terminal sends Ctrl-C to the whole group; this process only waits for the child's end.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
    child.on("close", (status, signal) => resolve(signal ? 130 : status));
  });
}

async function main() {
  const [name, ...args] = process.argv.slice(2);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const all = Object.keys(commands).join(", ");
    throw new Refusal(
      name === undefined
        ? `Say which command: ${all}.`
        : `There is no command ${name}: there are ${all}.`,
    );
  }
  const isHelp = args.includes("--help") || args.includes("-h");
  if (!isHelp) checkPlatform(name, command);
  if (!command.plain) await installNpmPackages();
  const isKernelTested = process.platform === "linux" && process.getuid() === 0;
  const forRoot = (isKernelTested && command.debianForRoot) || [];
  if (!isHelp) await installDebianPackages(name, [...(command.debian || []), ...forRoot]);
  return runScript(command, args);
}

// `npm test | head` closes the pipe early, which is no failure of the command.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// An old Node has no `await` out here, and is to get as far as checkNode.
async function start() {
  try {
    checkNode();
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

void start();
