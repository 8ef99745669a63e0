/** What goes into an initramfs: by path from its root, without a slash in front. */
export type CpioEntry =
  | { kind: "folder"; path: string }
  | { kind: "file"; path: string; contents: Uint8Array; mode?: number }
  | { kind: "symlink"; path: string; target: string };

const MODES = { folder: 0o040755, file: 0o100644, symlink: 0o120777 } as const;
const TRAILER = "TRAILER!!!";

/** A cpio archive as the kernel unpacks it at boot ("newc"). Folders are made as they are needed. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts: Uint8Array[] = [];
  const made = new Set<string>();
  let inode = 1;
  const add = (path: string, mode: number, contents: Uint8Array): void => {
    const name = Buffer.from(`${path}\0`);
    // magic, ino, mode, uid, gid, nlink, mtime, filesize, devmajor/minor, rdevmajor/minor, namesize, check
    const numbers = [inode++, mode, 0, 0, 1, 0, contents.length, 0, 0, 0, 0, name.length, 0];
    const hex = numbers.map((number) => number.toString(16).padStart(8, "0")).join("");
    parts.push(...padded(Buffer.concat([Buffer.from(`070701${hex}`), name])), ...padded(contents));
  };
  const addFolder = (path: string): void => {
    if (path === "" || path === "." || made.has(path)) return;
    addFolder(parentOf(path));
    made.add(path);
    add(path, MODES.folder, new Uint8Array());
  };
  for (const entry of entries) {
    addFolder(entry.kind === "folder" ? entry.path : parentOf(entry.path));
    if (entry.kind === "file") {
      const mode = MODES.file | (entry.mode ?? 0);
      add(entry.path, mode, entry.contents);
    } else if (entry.kind === "symlink") {
      add(entry.path, MODES.symlink, Buffer.from(entry.target));
    }
  }
  add(TRAILER, 0, new Uint8Array());
  return Buffer.concat(parts);
}

function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** Every header with its name, and every content, ends at a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array[] {
  return [bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)];
}
