/** Paths within a volume or a container's file system, and the modes of files. */
import type { View } from "../view.ts";

const MODE_MAX = 0o777;

const hasBackstep = (path: string): boolean => path.split("/").includes("..");

export function validateNoBacksteps(path: View, at = path): void {
  if (hasBackstep(path.text)) at.invalid("must not contain '..'", path.text);
}

/** Relative, and down. Told of at another place where the API server does so. */
export function validateDescending(path: View, at = path): void {
  if (path.text.startsWith("/")) at.invalid("must be a relative path", path.text);
  validateNoBacksteps(path, at);
}

/** Names that begin with two dots are the kubelet's own. */
export function validateLocalPath(path: View, at = path): void {
  validateDescending(path, at);
  if (path.text.startsWith("..") && !path.text.startsWith("../") && path.text !== "..") {
    at.invalid("must not start with '..'", path.text);
  }
}

export function validateMode(mode: View): void {
  if (!mode.isThere || (mode.number >= 0 && mode.number <= MODE_MAX)) return;
  mode.invalid("must be a number between 0 and 0777 (octal), both inclusive");
}

/** A key of a ConfigMap or Secret, and the file it becomes. */
export function validateKeyToPath(item: View): void {
  const [key, path] = [item.at("key"), item.at("path")];
  if (key.text === "") key.required();
  if (path.text === "") path.required();
  validateLocalPath(path);
  validateMode(item.at("mode"));
}
