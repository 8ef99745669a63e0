/**
 * Kubernetes' and Cilium's objects as the project reads them: types, validation, CRDs.
 *
 * One definition of a kind gives its TypeScript type, what `parseObject` accepts, and the OpenAPI
 * schema of its CustomResourceDefinition.
 *
 * Not here: what the values mean, but for quantities. A CIDR, an entity, a regular expression, a selector's operator is
 * a string here; `policy` and `identity` refuse those that make no sense.
 *
 * Invariants: `parseObject` never throws, whatever JSON it is given, and takes linear time; what it
 * answers shares nothing with what it was given and has only known fields; null is absent, and an
 * empty list is not.
 */
export type { CiliumNode } from "./cilium-node.ts";
export type { CiliumCIDRGroup, CiliumEndpoint, CiliumIdentity } from "./cilium-objects.ts";
export type {
  CidrRule,
  FqdnSelector,
  GroupsSelector,
  ServiceSelector,
} from "./cilium-peers.ts";
export type {
  CiliumClusterwideNetworkPolicy,
  CiliumNetworkPolicy,
  CiliumPolicyStatus,
} from "./cilium-policy.ts";
export type {
  HttpRuleSpec,
  IcmpRule,
  KafkaRuleSpec,
  L7RulesSpec,
  ListenerRef,
  PortDenyRule,
  PortProtocol,
  PortRule,
  TlsContext,
} from "./cilium-ports.ts";
export type {
  CiliumRule,
  EgressDenyRule,
  EgressRule,
  IngressDenyRule,
  IngressRule,
} from "./cilium-rule.ts";
export type {
  Container,
  Endpoints,
  EndpointSlice,
  Namespace,
  Node,
  Pod,
  Service,
} from "./core.ts";
export {
  type CrdFacts,
  type CrdKind,
  CRDS,
  customResourceDefinition,
  openApiSchema,
  type PrinterColumn,
  SCHEMA_VERSION_LABEL,
} from "./crd.ts";
export { MAX_FINDINGS, type ObjectFinding, type ObjectFindingCode } from "./findings.ts";
export { sharesHostPort } from "./host-ports.ts";
export { isKnownKind, type KnownKind, type KnownObject } from "./kinds.ts";
export { itemsOf } from "./list.ts";
export type { LabelSelector, ObjectMeta } from "./meta.ts";
export { nearest } from "./nearest.ts";
export type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "./network-policy.ts";
export { matchesNodeTerm, matchesRequirement } from "./node-selector.ts";
export type { OpenApiSchema } from "./open-api.ts";
export { parseObject, type ParsedObject } from "./parse.ts";
export {
  compareQuantities,
  countQuantity,
  formatQuantity,
  milliOf,
  parseQuantity,
  type Quantity,
} from "./quantity.ts";
