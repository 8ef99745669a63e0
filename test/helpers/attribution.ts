// node:test says of a test where `test` was called. For tests that a helper makes (properties,
// scripts, soaks), that is the helper; the file that asked for them travels in the name.

const SEPARATOR = "\0";

let current: string | undefined;

/** Told by the runner before it loads a file. */
export function setTestFile(path: string): void {
  current = path;
}

/** The file that is being loaded, where the runner loads it. */
export function testFile(): string | undefined {
  return current;
}

/** The name under which a helper registers a test for the file that is being loaded. */
export function attributed(name: string, file: string | undefined = current): string {
  return file === undefined ? name : file + SEPARATOR + name;
}

/** For the reporter: the file and name apart. */
export function splitAttribution(name: string): { file: string | undefined; name: string } {
  const at = name.indexOf(SEPARATOR);
  if (at < 0) return { file: undefined, name };
  return { file: name.slice(0, at), name: name.slice(at + 1) };
}
