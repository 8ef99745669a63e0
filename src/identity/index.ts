/**
 * Who is who: labels, the selectors that ask for them, and the numbers that stand for sets of them.
 *
 * Not here: what is allowed (`policy`), and where the kernel keeps any of it (`datapath`).
 *
 * Invariants: labels, selectors and the texts they go by are immutable and canonical, so that equal
 * texts are equal things; user text throws ConfigError or SelectorError and nothing else.
 */
export {
  type IdentityAllocator,
  type IdentityScope,
} from "./allocator.ts";
export {
  cidrGroupLabels,
  cidrLabels,
  worldLabel,
} from "./cidr-labels.ts";
export {
  fqdnFault,
  fqdnLabel,
  fqdnMatcher,
  normaliseFqdn,
} from "./fqdn.ts";
export {
  type AddressIdentity,
  type IpcacheDelta,
  type IpcacheOptions,
  type PrefixChange,
} from "./ipcache.ts";
export { LabelFilter } from "./label-filter.ts";
export { type Label, Labels, SOURCE } from "./labels.ts";
export {
  type Metadata,
  type MetadataOrigin,
  type MetadataSource,
} from "./metadata.ts";
export { KEY, podLabels, type PodLabelSource } from "./pod-labels.ts";
export { type PrefixEntry, PrefixTable } from "./prefix-table.ts";
export {
  type Operator,
  type Requirement,
} from "./requirement.ts";
export {
  CLUSTER_FIRST,
  isReservedName,
  RESERVED,
  reservedIdentities,
  type ReservedIdentity,
  type ReservedName,
  SCOPE,
  worldIdentity,
} from "./reserved.ts";
export { Selector } from "./selector.ts";
export { SelectorError, type SelectorFault } from "./selector-error.ts";
