/** A folder of programs in C, and the one that their objects go to. */
export interface Group {
  sources: string;
  objects: string;
}

/** All there are; paths are from the root. */
export const groups: readonly Group[] = [
  { sources: "bpf", objects: "bpf/obj" },
  { sources: "src/ebpf/testdata", objects: "src/ebpf/testdata" },
  { sources: "bench/datapath", objects: "bench/datapath" },
];

const SOURCE_NAME = /^[^/]+\.bpf\.c$/;

/** The programs right inside the group's folder, out of all files of the project. */
export function sourcesOf(group: Group, paths: readonly string[]): string[] {
  const prefix = `${group.sources}/`;
  return paths.filter(
    (path) => path.startsWith(prefix) && SOURCE_NAME.test(path.slice(prefix.length)),
  );
}

/** `bpf/events.bpf.c` becomes `events.bpf.o`. */
export function objectNameOf(source: string): string {
  return source.slice(source.lastIndexOf("/") + 1).replace(/\.c$/, ".o");
}

export function manifestPath(group: Group): string {
  return `${group.objects}/MANIFEST.json`;
}
