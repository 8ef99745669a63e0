import {
  type EcmaScriptModule,
  type ParseResult,
  parseSync,
  type StaticExportEntry,
  Visitor,
} from "oxc-parser";

/** Stands for every name that a file exports: `import * as x`, `import("x")`, `export *`. */
export const EVERY_NAME = "*";

export interface Import {
  specifier: string;
  offset: number;
  /** The names as the other file exports them, or EVERY_NAME; none where it is only loaded. */
  names: readonly string[];
}

interface Export {
  /** `default` for the default export. */
  name: string;
  offset: number;
  /** Said to be a type by its own words: `export { type Name } from`. */
  isType: boolean;
  /** Where it comes from, for `export { name } from "specifier"`. */
  source?: { specifier: string; name: string };
}

/** What the rules need to know about a file of code. Offsets are in characters. */
export interface Parsed {
  /** Everything the file takes from others, with `export … from` as imports of no name. */
  imports: readonly Import[];
  exports: readonly Export[];
  /** The specifiers of `export * from`. */
  starExports: readonly string[];
  /** Where the file reads the environment. */
  environmentReads: readonly number[];
  /** Other strings that look like the path of a file of code: how one script starts another. */
  codePaths: readonly string[];
  error?: { message: string; offset: number };
}

const CODE_PATH = /["']([\w./-]+\.[cm]?[jt]sx?)["']/g;

export function parseSource(path: string, text: string): Parsed {
  const result = parseSync(path, text);
  const { module } = result;
  const starExports: string[] = [];
  const exports = new Map<string, Export>();
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      const found = readExport(entry);
      if (found === undefined) starExports.push(entry.moduleRequest?.value ?? "");
      // Overloads and a type beside a value of the same name are one export.
      else if (!exports.has(found.name)) exports.set(found.name, found);
    }
  }
  const [error] = result.errors;
  const imports = [...readImports(module, text), ...readHiddenImports(result, text)];
  return {
    imports,
    exports: [...exports.values()],
    starExports,
    environmentReads: readEnvironmentReads(result, text),
    codePaths: readCodePaths(result, text, imports),
    ...(error && { error: { message: error.message, offset: error.labels[0]?.start ?? 0 } }),
  };
}

function readExport(entry: StaticExportEntry): Export | undefined {
  // The kinds are ambient const enums, which other files may not name.
  const exportKind: string = entry.exportName.kind;
  if (exportKind === "None") return undefined;
  const name = exportKind === "Default" ? "default" : (entry.exportName.name ?? "");
  const offset = entry.exportName.start ?? entry.start;
  const { isType } = entry;
  if (entry.moduleRequest === null) return { name, offset, isType };
  const importKind: string = entry.importName.kind;
  const sourceName = importKind === "Name" ? (entry.importName.name ?? "") : EVERY_NAME;
  return {
    name,
    offset,
    isType,
    source: { specifier: entry.moduleRequest.value, name: sourceName },
  };
}

function readImports(module: EcmaScriptModule, text: string): Import[] {
  const imports: Import[] = module.staticImports.map(({ moduleRequest, entries }) => ({
    specifier: moduleRequest.value,
    offset: moduleRequest.start,
    names: entries.map(({ importName }) => {
      const kind: string = importName.kind;
      if (kind === "NamespaceObject") return EVERY_NAME;
      return kind === "Default" ? "default" : (importName.name ?? "");
    }),
  }));
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) {
      if (moduleRequest === null) continue;
      imports.push({ specifier: moduleRequest.value, offset: moduleRequest.start, names: [] });
    }
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(["'`])([^"'`$]*)\1$/.exec(
      text.slice(moduleRequest.start, moduleRequest.end),
    );
    if (literal === null) continue;
    imports.push({
      specifier: literal[2] ?? "",
      offset: moduleRequest.start,
      names: [EVERY_NAME],
    });
  }
  return imports;
}

/** `import("x").Type` and `require("x")`, of which the module record says nothing. */
function readHiddenImports(result: ParseResult, text: string): Import[] {
  // The tree costs ten times what the module record does, so it is made only where it may tell.
  if (!/\b(?:import|require)\s*\(/.test(text)) return [];
  const imports: Import[] = [];
  new Visitor({
    TSImportType({ source }) {
      imports.push({ specifier: source.value, offset: source.start, names: [EVERY_NAME] });
    },
    CallExpression({ callee, arguments: [argument] }) {
      if (callee.type !== "Identifier" || callee.name !== "require") return;
      if (argument?.type !== "Literal" || typeof argument.value !== "string") return;
      imports.push({ specifier: argument.value, offset: argument.start, names: [EVERY_NAME] });
    },
  }).visit(result.program);
  return imports;
}

/** `process.env`, `process["env"]`, `const { env } = process`, `import { env } from …`. */
function readEnvironmentReads(result: ParseResult, text: string): number[] {
  if (!text.includes("process") || !text.includes("env")) return [];
  const reads: number[] = [];
  new Visitor({
    MemberExpression(node) {
      const { object, property } = node;
      const isProcess =
        (object.type === "Identifier" && object.name === "process") ||
        (object.type === "MemberExpression" &&
          object.property.type === "Identifier" &&
          object.property.name === "process");
      const isEnv =
        (property.type === "Identifier" && !node.computed && property.name === "env") ||
        (property.type === "Literal" && property.value === "env");
      if (isProcess && isEnv) reads.push(node.start);
    },
    VariableDeclarator({ id, init, start }) {
      if (init?.type !== "Identifier" || init.name !== "process") return;
      if (id.type === "ObjectPattern" && text.slice(id.start, id.end).includes("env")) {
        reads.push(start);
      }
    },
    ImportDeclaration({ source, specifiers, start }) {
      if (!/^(?:node:)?process$/.test(source.value)) return;
      const takesEnv = specifiers.some(
        (each) =>
          each.type === "ImportSpecifier" &&
          each.imported.type === "Identifier" &&
          each.imported.name === "env",
      );
      if (takesEnv) reads.push(start);
    },
  }).visit(result.program);
  return reads;
}

function readCodePaths(
  { comments }: ParseResult,
  text: string,
  imports: readonly Import[],
): string[] {
  const specifiers = new Set(imports.map(({ offset }) => offset));
  return [...text.matchAll(CODE_PATH)]
    .filter(({ index }) => !specifiers.has(index))
    .filter(({ index }) => !comments.some(({ start, end }) => start <= index && index < end))
    .map((match) => match[1] ?? "");
}
