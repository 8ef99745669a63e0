import { applyDefaults } from "./defaults/apply.ts";
import { applyCustomDefaults } from "./defaults/custom.ts";
import { checkCustomKind } from "./decode-custom.ts";
import { ROOT, ValueDecoder } from "./decode-value.ts";
import { checkJson } from "./depth.ts";
import { withBuiltInKind } from "./kinds.ts";
import { isObject, type SchemaNode } from "./node.ts";
import { builtInNode } from "./open-api-nodes.ts";
import { OpenApiDocuments } from "./open-api-documents.ts";
import { Pruner } from "./prune.ts";
import { joinGroupVersion } from "./registry.ts";
import { badRequest, StatusError } from "./status-error.ts";
import { structuralRoot } from "./structural-nodes.ts";
import type {
  Decoded,
  DecodeOptions,
  JsonObject,
  KubeObject,
  Registry,
  SchemaSet,
  ServedResource,
} from "./types.ts";
import { validateNew } from "./validate/create.ts";
import { validateChange } from "./validate/update.ts";

interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** Of a resource, as far as decoding goes: what its object is called, and what it looks like. */
interface Target extends Kind {
  node: SchemaNode;
  isCustom: boolean;
}

class Schemas implements SchemaSet {
  readonly registry: Registry;
  readonly #documents: OpenApiDocuments;

  constructor(registry: Registry) {
    this.registry = registry;
    this.#documents = new OpenApiDocuments(registry);
  }

  nodeOf(resource: ServedResource): SchemaNode {
    const { group, version, kind, custom } = resource;
    return custom === undefined
      ? nodeOfKind({ group, version, kind })
      : structuralRoot(custom.schema);
  }

  decode(resource: ServedResource, value: unknown, options: DecodeOptions): Decoded {
    const { group, version, kind, custom } = resource;
    const target = { group, version, kind, node: this.nodeOf(resource), isCustom: !!custom };
    return decodeAs(target, value, options);
  }

  decodeKind(
    group: string,
    version: string,
    kind: string,
    value: unknown,
    options: DecodeOptions,
  ): Decoded {
    const node = nodeOfKind({ group, version, kind });
    return decodeAs({ group, version, kind, node, isCustom: false }, value, options);
  }

  validateCreate(resource: ServedResource, object: KubeObject): void {
    validateNew(resource, object);
  }

  validateUpdate(
    resource: ServedResource,
    object: KubeObject,
    old: KubeObject,
    subresource?: string,
  ): void {
    validateChange(resource, object, old, subresource);
  }

  openApiV3Keys(): readonly string[] {
    return this.#documents.keys();
  }

  openApiV3(key: string): JsonObject | undefined {
    return this.#documents.version3(key);
  }

  openApiV2(): JsonObject {
    return this.#documents.version2();
  }
}

function nodeOfKind({ group, version, kind }: Kind): SchemaNode {
  const node = builtInNode(group, version, kind);
  if (node !== undefined) return node;
  const what = `${joinGroupVersion(group, version)}, Kind=${kind}`;
  throw badRequest(
    `no kind is registered for ${what}: it is not supported by the lab's API server`,
  );
}

function decodeAs(target: Target, value: unknown, options: DecodeOptions): Decoded {
  checkJson(value);
  if (!isObject(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${target.kind})`);
  }
  if (target.isCustom) checkCustomKind(target, value, options.isPatched === true);
  const named = target.isCustom ? value : withBuiltInKind(target, value);
  const { result, unknown } = readValue(target, named);
  const told = options.isPatched === true ? unknown.toSorted() : unknown;
  const unknowns = told.map((path) => `unknown field ${JSON.stringify(path)}`);
  const duplicates = (options.duplicates ?? []).map(
    (path) => `duplicate field ${JSON.stringify(path)}`,
  );
  const complaints = target.isCustom ? [...duplicates, ...unknowns] : [...unknowns, ...duplicates];
  if (options.fieldValidation === "Strict" && complaints.length > 0) {
    throw cannotHandle(target, `strict decoding error: ${complaints.join(", ")}`);
  }
  if (target.isCustom || target.node.fields.has("metadata")) result["metadata"] ??= {};
  if (target.isCustom) applyCustomDefaults(target.node, result);
  else applyDefaults(target.node, result);
  return {
    object: result as KubeObject,
    warnings: options.fieldValidation === "Warn" ? complaints : [],
  };
}

function readValue(target: Target, value: JsonObject): { result: JsonObject; unknown: string[] } {
  const reader = target.isCustom ? new Pruner() : new ValueDecoder();
  try {
    const result =
      reader instanceof Pruner
        ? reader.prune(target.node, value, "")
        : reader.decode(target.node, value, ROOT);
    return { result: result as JsonObject, unknown: reader.unknown };
  } catch (error) {
    if (error instanceof StatusError) throw cannotHandle(target, error.message);
    throw error;
  }
}

function cannotHandle({ version, kind }: Kind, problem: string): StatusError {
  return badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${problem}`,
  );
}

/** The schemas of what the registry serves, as it changes. */
export function createSchemaSet(registry: Registry): SchemaSet {
  return new Schemas(registry);
}
