/** Options of requests as the API spells them. */
import type {
  DeleteOptions,
  ListOptions,
  PatchOptions,
  SelectorOptions,
  WatchOptions,
  WriteOptions,
} from "./requests.ts";

type Query = Readonly<Record<string, string>>;

export const patchTypes: Readonly<Record<PatchOptions["type"], string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  // All JSON is YAML.
  apply: "application/apply-patch+yaml",
};

export function withQuery(path: string, query: Query): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? path : `${path}?${text}`;
}

export function listQuery(options: ListOptions): Query {
  return given({
    ...selectors(options),
    limit: options.limit,
    continue: options.continue,
    resourceVersion: options.resourceVersion,
  });
}

export function watchQuery(options: WatchOptions): Query {
  return given({
    watch: true,
    ...selectors(options),
    resourceVersion: options.resourceVersion,
    allowWatchBookmarks: options.allowBookmarks,
    timeoutSeconds: options.timeoutSeconds,
  });
}

export function writeQuery({ fieldManager, isDryRun, fieldValidation }: WriteOptions): Query {
  return given({ fieldManager, dryRun: isDryRun === true ? "All" : undefined, fieldValidation });
}

/** Of a deletion, options go into the body. */
export function deleteBody(options: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions, isDryRun } = options;
  return {
    apiVersion: "v1",
    kind: "DeleteOptions",
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
    dryRun: isDryRun === true ? ["All"] : undefined,
  };
}

function selectors({ labelSelector, fieldSelector }: SelectorOptions): object {
  return { labelSelector, fieldSelector };
}

function given(options: object): Query {
  const entries = Object.entries(options) as [string, string | number | boolean | undefined][];
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}
