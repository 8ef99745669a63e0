import { kubeData, type PublishedResource } from "../data/kube-data.ts";
import { customResources } from "./custom-resources.ts";
import { compareVersions } from "./versions.ts";
import type { KubeObject, Registry, ServedResource, Subresource } from "./types.ts";

interface Group {
  name: string;
  versions: string[];
}

/** Built-in resources as published, and those of the definitions that come and go. */
class ServedRegistry implements Registry {
  readonly #builtIn: readonly ServedResource[];
  readonly #definitions = new Map<string, readonly ServedResource[]>();
  #byPath = new Map<string, ServedResource>();
  #byKind = new Map<string, ServedResource>();
  #all: readonly ServedResource[] = [];
  #groups: readonly Group[] = [];
  #generation = 0;

  constructor(builtIn: readonly ServedResource[]) {
    this.#builtIn = builtIn;
    this.#refresh();
  }

  get generation(): number {
    return this.#generation;
  }

  resources(): readonly ServedResource[] {
    return this.#all;
  }

  groups(): readonly Group[] {
    return this.#groups;
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  findKind(group: string, version: string, kind: string): ServedResource | undefined {
    return this.#byKind.get(`${group}/${version}/${kind}`);
  }

  define(definition: KubeObject): void {
    const name = definition.metadata.name ?? "";
    this.#definitions.set(name, customResources(definition));
    this.#refresh();
  }

  undefine(definitionName: string): void {
    if (this.#definitions.delete(definitionName)) this.#refresh();
  }

  #refresh(): void {
    this.#generation += 1;
    this.#all = [...this.#builtIn, ...[...this.#definitions.values()].flat()];
    this.#byPath = new Map();
    this.#byKind = new Map();
    for (const resource of this.#all) {
      const { group, version, plural, kind } = resource;
      this.#byPath.set(`${group}/${version}/${plural}`, resource);
      // Of two resources of one kind (bindings, pods/binding) the first is the kind's.
      const key = `${group}/${version}/${kind}`;
      if (!this.#byKind.has(key)) this.#byKind.set(key, resource);
    }
    this.#groups = groupsOf(this.#all);
  }
}

function groupsOf(resources: readonly ServedResource[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { group, version } of resources) {
    const there = groups.get(group) ?? { name: group, versions: [] };
    if (!there.versions.includes(version)) there.versions.push(version);
    groups.set(group, there);
  }
  for (const { versions } of groups.values()) versions.sort(compareVersions);
  return [...groups.values()];
}

function builtInResources(): ServedResource[] {
  const { groups, resources } = kubeData();
  const inOrder = Object.keys(resources).toSorted((a, b) => {
    const [left, right] = [splitGroupVersion(a), splitGroupVersion(b)];
    return (
      groups.indexOf(left.group) - groups.indexOf(right.group) ||
      compareVersions(left.version, right.version)
    );
  });
  return inOrder.flatMap((each) => ofDocument(splitGroupVersion(each), resources[each] ?? []));
}

interface GroupVersion {
  group: string;
  version: string;
}

/** `apps/v1` or `v1`, as `apiVersion` has it. */
function splitGroupVersion(text: string): GroupVersion {
  const at = text.indexOf("/");
  return { group: text.slice(0, Math.max(at, 0)), version: text.slice(at + 1) };
}

export function joinGroupVersion(group: string, version: string): string {
  return group === "" ? version : `${group}/${version}`;
}

function ofDocument(of: GroupVersion, published: readonly PublishedResource[]): ServedResource[] {
  return published
    .filter(({ name }) => !name.includes("/"))
    .map((each) => ({
      ...of,
      kind: each.kind,
      listKind: `${each.kind}List`,
      plural: each.name,
      singular: each.singularName,
      shortNames: each.shortNames ?? [],
      categories: each.categories ?? [],
      isNamespaced: each.namespaced,
      verbs: each.verbs,
      subresources: published
        .filter(({ name }) => name.startsWith(`${each.name}/`))
        .map((subresource) => asSubresource(of, subresource)),
    }));
}

function asSubresource(of: GroupVersion, published: PublishedResource): Subresource {
  return {
    name: published.name.slice(published.name.indexOf("/") + 1),
    group: published.group ?? of.group,
    version: published.version ?? of.version,
    kind: published.kind,
    verbs: published.verbs,
  };
}

/** The built-in resources, and no definitions yet. */
export function createRegistry(): Registry {
  return new ServedRegistry(builtInResources());
}
