import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { AppError } from "#base";
import { type KubeClient, pathOf } from "#kube";
import { needResource } from "#lab";
import type { Streams } from "../../program.ts";
import { addNameOption, addNamespaceOption, withClient } from "./call.ts";
import { columns } from "./columns.ts";

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

interface GetOptions {
  readonly name: string;
  readonly namespace: string;
  readonly allNamespaces: boolean;
  readonly selector?: string;
  readonly output?: "wide" | "yaml" | "json" | "name";
}

export function define(command: Command, streams: Streams): void {
  addNamespaceOption(addNameOption(command))
    .argument("<resource>", "such as pods, services, cnp")
    .argument("[object]", "the name of one")
    .option("-A, --all-namespaces", "of all namespaces", false)
    .option("-l, --selector <labels>", "only those with these labels")
    .addOption(
      new Option("-o, --output <format>", "how to print").choices(["wide", "yaml", "json", "name"]),
    )
    .action((word: string, object: string | undefined, options: GetOptions) =>
      withClient(options.name, (client) => get(client, word, object, { options, streams })),
    );
}

async function get(
  client: KubeClient,
  word: string,
  name: string | undefined,
  { options, streams }: { readonly options: GetOptions; readonly streams: Streams },
): Promise<void> {
  const resource = needResource(word);
  const { namespace, allNamespaces, selector, output } = options;
  const place = allNamespaces ? undefined : namespace;
  const query = selector === undefined ? "" : `?labelSelector=${encodeURIComponent(selector)}`;
  const path = pathOf(resource, { namespace: place, name }) + query;
  if (output === "yaml" || output === "json") {
    const object = await client.raw("GET", path);
    streams.out(output === "yaml" ? stringify(object) : `${JSON.stringify(object, null, 4)}\n`);
    return;
  }
  const table = decodeTable(await client.raw("GET", path, { accept: TABLE }));
  if (table.rows.length === 0) streams.err("No resources found.\n");
  else if (output === "name") {
    streams.out(table.rows.map((row) => `${resource.kind.toLowerCase()}/${row.name}\n`).join(""));
  } else {
    const isSpread = allNamespaces && resource.isNamespaced;
    streams.out(tableText(table, { isWide: output === "wide", isSpread }));
  }
}

interface Table {
  readonly columns: readonly { readonly name: string; readonly isWide: boolean }[];
  readonly rows: readonly {
    readonly cells: readonly string[];
    readonly name: string;
    readonly namespace: string;
  }[];
}

type Loose = Readonly<Record<string, unknown>>;

export function decodeTable(value: unknown): Table {
  const { kind, columnDefinitions, rows } = Object(value) as Loose;
  if (kind !== "Table" || !Array.isArray(columnDefinitions)) {
    throw new AppError("table", "The API server answered no table.");
  }
  const list = Array.isArray(rows) ? (rows as Loose[]) : [];
  return {
    columns: (columnDefinitions as Loose[]).map((column) => ({
      name: String(Object(column)["name"]),
      isWide: Number(Object(column)["priority"] ?? 0) > 0,
    })),
    rows: list.map((row) => {
      const { cells, object } = Object(row) as Loose;
      const { name, namespace } = Object((Object(object) as Loose)["metadata"]) as Loose;
      return {
        cells: Array.isArray(cells) ? cells.map(String) : [],
        name: String(name),
        namespace: String(namespace),
      };
    }),
  };
}

function tableText(
  table: Table,
  { isWide, isSpread }: { readonly isWide: boolean; readonly isSpread: boolean },
): string {
  const shown = [...table.columns.keys()].filter(
    (place) => isWide || table.columns[place]?.isWide !== true,
  );
  const header = shown.map((place) => table.columns[place]?.name.toUpperCase() ?? "");
  const lines = table.rows.map(({ cells, namespace }) => {
    const row = shown.map((place) => cells[place] ?? "");
    return isSpread ? [namespace, ...row] : row;
  });
  return columns([isSpread ? ["NAMESPACE", ...header] : header, ...lines]);
}
