/**
 * Who is who: labels, the selectors that ask for them, and the numbers that stand for sets of them.
 *
 * Not here: what is allowed (`policy`), and where the kernel keeps any of it (`datapath`).
 *
 * Invariants: labels, selectors and the texts they go by are immutable and canonical, so that equal
 * texts are equal things; user text throws ConfigError or SelectorError and nothing else.
 */
export { cidrOfIdentity } from "./address-labels.ts";
export {
  type IdentityAllocator,
  type IdentityScope,
  MemoryIdentities,
  scopeOf,
} from "./allocator.ts";
export {
  cidrGroupLabels,
  cidrLabel,
  cidrLabels,
  cidrOfLabel,
  worldLabel,
} from "./cidr-labels.ts";
export {
  fqdnFault,
  fqdnLabel,
  fqdnMatcher,
  isFqdnPattern,
  MAX_FQDN,
  normaliseFqdn,
  parseFqdn,
} from "./fqdn.ts";
export {
  type AddressIdentity,
  type IpcacheDelta,
  IpcacheModel,
  type IpcacheOptions,
  type PrefixChange,
} from "./ipcache.ts";
export { DEFAULT_LABEL_PATTERNS, LabelFilter } from "./label-filter.ts";
export { formatLabel, type Label, Labels, parseLabel, SOURCE } from "./labels.ts";
export {
  type Metadata,
  METADATA_SOURCES,
  type MetadataOrigin,
  type MetadataSource,
} from "./metadata.ts";
export { KEY, podLabels, type PodLabelSource } from "./pod-labels.ts";
export { type PrefixEntry, PrefixTable } from "./prefix-table.ts";
export {
  type Operator,
  parseSelectorKey,
  type Requirement,
} from "./requirement.ts";
export {
  CLUSTER_FIRST,
  CLUSTER_LAST,
  isReservedName,
  RESERVED,
  reservedIdentities,
  type ReservedIdentity,
  reservedLabel,
  reservedLabels,
  reservedName,
  type ReservedName,
  SCOPE,
  UNKNOWN_IDENTITY,
  worldIdentity,
} from "./reserved.ts";
export { formatRequirement, Selector } from "./selector.ts";
export { SelectorError, type SelectorFault } from "./selector-error.ts";
export { MAX_SELECTOR_LABELS } from "./selector-syntax.ts";
export { wellKnownIdentities } from "./well-known.ts";
