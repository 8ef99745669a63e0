import { applyDefaults } from "./defaults/apply.ts";
import { celWarnings } from "./cel.ts";
import { ROOT, ValueDecoder } from "./decode-value.ts";
import { checkJson } from "./depth.ts";
import { asText, isObject, type SchemaNode } from "./node.ts";
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
  /** Nodes of custom kinds, by their schemas. */
  readonly #structural = new WeakMap<JsonObject, SchemaNode>();

  constructor(registry: Registry) {
    this.registry = registry;
    this.#documents = new OpenApiDocuments(registry);
  }

  nodeOf(resource: ServedResource): SchemaNode {
    const { group, version, kind, custom } = resource;
    if (custom !== undefined) {
      const known = this.#structural.get(custom.schema);
      const node = known ?? structuralRoot(custom.schema);
      this.#structural.set(custom.schema, node);
      return node;
    }
    return nodeOfKind({ group, version, kind });
  }

  decode(resource: ServedResource, value: unknown, options: DecodeOptions): Decoded {
    const { group, version, kind, custom } = resource;
    const target = { group, version, kind, node: this.nodeOf(resource), isCustom: !!custom };
    const { object, warnings } = decodeAs(target, value, options);
    const deprecation = custom?.deprecationWarning;
    const more = kind === "CustomResourceDefinition" ? celWarnings(object) : [];
    if (deprecation !== undefined) more.push(deprecation);
    return { object, warnings: [...warnings, ...more] };
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
    validateNew(resource, this.nodeOf(resource), object);
  }

  validateUpdate(
    resource: ServedResource,
    object: KubeObject,
    old: KubeObject,
    subresource?: string,
  ): void {
    validateChange(resource, this.nodeOf(resource), object, old, subresource);
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
    throw badRequest(`the body is no object: expected one of kind ${target.kind}`);
  }
  const named = withKind(target, value);
  const { result, unknown } = readValue(target, named);
  const complaints = [
    ...(options.duplicates ?? []).map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  if (options.fieldValidation === "Strict" && complaints.length > 0) {
    throw cannotHandle(target, `strict decoding error: ${complaints.join(", ")}`);
  }
  if (target.isCustom || target.node.fields.has("metadata")) result["metadata"] ??= {};
  applyDefaults(target.node, result);
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

/** Clients may leave out what the path says already; what they say must be that. */
function withKind(target: Kind, value: JsonObject): JsonObject {
  const apiVersion = joinGroupVersion(target.group, target.version);
  const { apiVersion: saidVersion, kind: saidKind, ...rest } = value;
  const isMissing = (said: unknown): boolean => said === undefined || said === null || said === "";
  if (!isMissing(saidKind) && saidKind !== target.kind) {
    throw badRequest(
      `${asText(saidKind)} in version ${JSON.stringify(saidVersion ?? "")} cannot be handled as a ` +
        `${target.kind}: the object provided is of another kind`,
    );
  }
  if (!isMissing(saidVersion) && saidVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${asText(saidVersion)}) does not match the expected API ` +
        `version (${apiVersion})`,
    );
  }
  return { apiVersion, kind: target.kind, ...rest };
}

/** The schemas of what the registry serves, as it changes. */
export function createSchemaSet(registry: Registry): SchemaSet {
  return new Schemas(registry);
}
