/** The CustomResourceDefinitions of Cilium's kinds. */
import { assert } from "#base";
import { KINDS, type KnownKind } from "./kinds.ts";
import { type OpenApiSchema, openApiOf } from "./open-api.ts";

export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  /** 1: only with `kubectl get -o wide`. */
  readonly priority?: number;
}

export interface CrdFacts {
  /** For people: what `kubectl explain` says of the kind. */
  readonly description: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly columns: readonly PrinterColumn[];
  readonly hasStatus: boolean;
}

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
};

const VALID: PrinterColumn = {
  name: "Valid",
  type: "string",
  jsonPath: ".status.conditions[?(@.type=='Valid')].status",
};

const POLICY_CATEGORIES = ["cilium", "ciliumpolicy"];

export const CRDS = {
  CiliumNetworkPolicy: {
    description: "What pods of a namespace may be reached by, and what they may reach.",
    plural: "ciliumnetworkpolicies",
    singular: "ciliumnetworkpolicy",
    shortNames: ["cnp", "ciliumnp"],
    categories: POLICY_CATEGORIES,
    columns: [AGE, VALID],
    hasStatus: true,
  },
  CiliumClusterwideNetworkPolicy: {
    description:
      "What pods of all namespaces, or nodes, may be reached by, and what they may reach.",
    plural: "ciliumclusterwidenetworkpolicies",
    singular: "ciliumclusterwidenetworkpolicy",
    shortNames: ["ccnp"],
    categories: POLICY_CATEGORIES,
    columns: [VALID],
    hasStatus: true,
  },
  CiliumCIDRGroup: {
    description: "A list of CIDRs that policies name instead of repeating it.",
    plural: "ciliumcidrgroups",
    singular: "ciliumcidrgroup",
    shortNames: ["ccg"],
    categories: ["cilium"],
    columns: [],
    hasStatus: false,
  },
  CiliumIdentity: {
    description:
      "A number for all pods that have the same labels. Agents make these; nobody else does.",
    plural: "ciliumidentities",
    singular: "ciliumidentity",
    shortNames: ["ciliumid"],
    categories: ["cilium"],
    columns: [
      {
        name: "Namespace",
        type: "string",
        jsonPath: String.raw`.metadata.labels.io\.kubernetes\.pod\.namespace`,
      },
      AGE,
    ],
    hasStatus: true,
  },
  CiliumEndpoint: {
    description: "A pod as the agent of its node sees it. Agents write these; nobody else does.",
    plural: "ciliumendpoints",
    singular: "ciliumendpoint",
    shortNames: ["cep", "ciliumep"],
    categories: ["cilium"],
    columns: [
      { name: "Security Identity", type: "integer", jsonPath: ".status.identity.id" },
      {
        name: "Ingress Enforcement",
        type: "string",
        jsonPath: ".status.policy.ingress.state",
        priority: 1,
      },
      {
        name: "Egress Enforcement",
        type: "string",
        jsonPath: ".status.policy.egress.state",
        priority: 1,
      },
      { name: "Endpoint State", type: "string", jsonPath: ".status.state" },
      { name: "IPv4", type: "string", jsonPath: ".status.networking.addressing[0].ipv4" },
      { name: "IPv6", type: "string", jsonPath: ".status.networking.addressing[0].ipv6" },
    ],
    // Agents write the status together with the rest.
    hasStatus: false,
  },
  CiliumNode: {
    description:
      "A node as its agent and the operator know it: its addresses, and those for its pods.",
    plural: "ciliumnodes",
    singular: "ciliumnode",
    shortNames: ["cn", "ciliumn"],
    categories: ["cilium"],
    columns: [
      {
        name: "CiliumInternalIP",
        type: "string",
        jsonPath: '.spec.addresses[?(@.type=="CiliumInternalIP")].ip',
      },
      {
        name: "InternalIP",
        type: "string",
        jsonPath: '.spec.addresses[?(@.type=="InternalIP")].ip',
      },
      AGE,
    ],
    hasStatus: true,
  },
} as const satisfies Partial<Record<KnownKind, CrdFacts>>;

export type CrdKind = keyof typeof CRDS;

/** Agents and operator compare it to tell whether the CRDs of a cluster are theirs. */
export const SCHEMA_VERSION_LABEL = "io.cilium.k8s.crd.schema.version";
const SCHEMA_VERSION = "1.32.7";

/** What the API server checks an object of that kind against. */
export function openApiSchema(kind: CrdKind): OpenApiSchema {
  const schema = openApiOf(KINDS[kind].schema);
  const { properties } = schema;
  assert(typeof properties === "object" && properties !== null, `${kind} has fields`);
  // The API server has its own idea of these three, and lets nobody say more about them.
  return {
    description: CRDS[kind].description,
    ...schema,
    properties: {
      ...properties,
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object" },
    },
    required: (schema["required"] as string[]).filter((f) => f !== "apiVersion" && f !== "kind"),
  };
}

/** The whole CustomResourceDefinition, as JSON. */
export function customResourceDefinition(kind: CrdKind): Readonly<Record<string, unknown>> {
  const facts: CrdFacts = CRDS[kind];
  const { group, versions, isNamespaced } = KINDS[kind];
  const schema = openApiSchema(kind);
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${facts.plural}.${group}`,
      labels: { [SCHEMA_VERSION_LABEL]: SCHEMA_VERSION },
    },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural: facts.plural,
        singular: facts.singular,
        shortNames: facts.shortNames,
        categories: facts.categories,
      },
      scope: isNamespaced ? "Namespaced" : "Cluster",
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === 0,
        ...(index === 0 ? {} : { deprecated: true }),
        ...(facts.columns.length === 0 ? {} : { additionalPrinterColumns: facts.columns }),
        schema: { openAPIV3Schema: schema },
        ...(facts.hasStatus ? { subresources: { status: {} } } : {}),
      })),
    },
  };
}
