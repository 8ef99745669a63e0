/** Why a packet was dropped, or passed, as Cilium's tools say it. */
export interface ReasonText {
  /** Of Hubble's `DropReason`; undefined for what is no drop. */
  readonly name?: string;
  readonly text: string;
}

/** By number: Cilium 1.19.4's. */
export const reasonTexts: ReadonlyMap<number, ReasonText> = new Map<number, ReasonText>([
  [0, { name: "DROP_REASON_UNKNOWN", text: "Success" }],
  [2, { text: "Invalid packet" }],
  [3, { text: "Interface" }],
  [4, { text: "Interface Decrypted" }],
  [5, { text: "LB, sock cgroup: No backend slot entry found" }],
  [6, { text: "LB, sock cgroup: No backend entry found" }],
  [7, { text: "LB, sock cgroup: Reverse entry update failed" }],
  [8, { text: "LB, sock cgroup: Reverse entry stale" }],
  [9, { text: "Fragmented packet" }],
  [10, { text: "Fragmented packet entry update failed" }],
  [11, { text: "Missed tail call to custom program" }],
  [12, { text: "Interface Decrypting" }],
  [13, { text: "Interface Encrypting" }],
  [14, { text: "LB: sock cgroup: Reverse entry delete succeeded" }],
  [15, { text: "MTU error message" }],
  [130, { name: "INVALID_SOURCE_MAC", text: "Invalid source mac" }],
  [131, { name: "INVALID_DESTINATION_MAC", text: "Invalid destination mac" }],
  [132, { name: "INVALID_SOURCE_IP", text: "Invalid source ip" }],
  [133, { name: "POLICY_DENIED", text: "Policy denied" }],
  [134, { name: "INVALID_PACKET_DROPPED", text: "Invalid packet" }],
  [135, { name: "CT_TRUNCATED_OR_INVALID_HEADER", text: "CT: Truncated or invalid header" }],
  [136, { name: "CT_MISSING_TCP_ACK_FLAG", text: "Fragmentation needed" }],
  [137, { name: "CT_UNKNOWN_L4_PROTOCOL", text: "CT: Unknown L4 protocol" }],
  [138, { name: "CT_CANNOT_CREATE_ENTRY_FROM_PACKET", text: "CT: Can't create entry from packet" }],
  [139, { name: "UNSUPPORTED_L3_PROTOCOL", text: "Unsupported L3 protocol" }],
  [140, { name: "MISSED_TAIL_CALL", text: "Missed tail call" }],
  [141, { name: "ERROR_WRITING_TO_PACKET", text: "Error writing to packet" }],
  [142, { name: "UNKNOWN_L4_PROTOCOL", text: "Unknown L4 protocol" }],
  [143, { name: "UNKNOWN_ICMPV4_CODE", text: "Unknown ICMPv4 code" }],
  [144, { name: "UNKNOWN_ICMPV4_TYPE", text: "Unknown ICMPv4 type" }],
  [145, { name: "UNKNOWN_ICMPV6_CODE", text: "Unknown ICMPv6 code" }],
  [146, { name: "UNKNOWN_ICMPV6_TYPE", text: "Unknown ICMPv6 type" }],
  [147, { name: "ERROR_RETRIEVING_TUNNEL_KEY", text: "Error retrieving tunnel key" }],
  [148, { name: "ERROR_RETRIEVING_TUNNEL_OPTIONS", text: "Error retrieving tunnel options" }],
  [149, { name: "INVALID_GENEVE_OPTION", text: "Invalid Geneve option" }],
  [150, { name: "UNKNOWN_L3_TARGET_ADDRESS", text: "Unknown L3 target address" }],
  [151, { name: "STALE_OR_UNROUTABLE_IP", text: "Stale or unroutable IP" }],
  [152, { name: "NO_MATCHING_LOCAL_CONTAINER_FOUND", text: "No matching local container found" }],
  [153, { name: "ERROR_WHILE_CORRECTING_L3_CHECKSUM", text: "Error while correcting L3 checksum" }],
  [154, { name: "ERROR_WHILE_CORRECTING_L4_CHECKSUM", text: "Error while correcting L4 checksum" }],
  [155, { name: "CT_MAP_INSERTION_FAILED", text: "CT: Map insertion failed" }],
  [156, { name: "INVALID_IPV6_EXTENSION_HEADER", text: "Invalid IPv6 extension header" }],
  [157, { name: "IP_FRAGMENTATION_NOT_SUPPORTED", text: "IP fragmentation not supported" }],
  [158, { name: "SERVICE_BACKEND_NOT_FOUND", text: "Service backend not found" }],
  [
    160,
    {
      name: "NO_TUNNEL_OR_ENCAPSULATION_ENDPOINT",
      text: "No tunnel/encapsulation endpoint (datapath BUG!)",
    },
  ],
  [161, { name: "FAILED_TO_INSERT_INTO_PROXYMAP", text: "NAT 46/64 not enabled" }],
  [
    162,
    {
      name: "REACHED_EDT_RATE_LIMITING_DROP_HORIZON",
      text: "Reached EDT rate-limiting drop horizon",
    },
  ],
  [163, { name: "UNKNOWN_CONNECTION_TRACKING_STATE", text: "Unknown connection tracking state" }],
  [164, { name: "LOCAL_HOST_IS_UNREACHABLE", text: "Local host is unreachable" }],
  [
    165,
    {
      name: "NO_CONFIGURATION_AVAILABLE_TO_PERFORM_POLICY_DECISION",
      text: "No configuration available to perform policy decision",
    },
  ],
  [166, { name: "UNSUPPORTED_L2_PROTOCOL", text: "Unsupported L2 protocol" }],
  [167, { name: "NO_MAPPING_FOR_NAT_MASQUERADE", text: "No mapping for NAT masquerade" }],
  [
    168,
    {
      name: "UNSUPPORTED_PROTOCOL_FOR_NAT_MASQUERADE",
      text: "Unsupported protocol for NAT masquerade",
    },
  ],
  [169, { name: "FIB_LOOKUP_FAILED", text: "FIB lookup failed" }],
  [
    170,
    { name: "ENCAPSULATION_TRAFFIC_IS_PROHIBITED", text: "Encapsulation traffic is prohibited" },
  ],
  [171, { name: "INVALID_IDENTITY", text: "Invalid identity" }],
  [172, { name: "UNKNOWN_SENDER", text: "Unknown sender" }],
  [173, { name: "NAT_NOT_NEEDED", text: "NAT not needed" }],
  [174, { name: "IS_A_CLUSTERIP", text: "Is a ClusterIP" }],
  [
    175,
    {
      name: "FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND",
      text: "First logical datagram fragment not found",
    },
  ],
  [176, { name: "FORBIDDEN_ICMPV6_MESSAGE", text: "Forbidden ICMPv6 message" }],
  [177, { name: "DENIED_BY_LB_SRC_RANGE_CHECK", text: "Denied by LB src range check" }],
  [178, { name: "SOCKET_LOOKUP_FAILED", text: "Socket lookup failed" }],
  [179, { name: "SOCKET_ASSIGN_FAILED", text: "Socket assign failed" }],
  [
    180,
    {
      name: "PROXY_REDIRECTION_NOT_SUPPORTED_FOR_PROTOCOL",
      text: "Proxy redirection not supported for protocol",
    },
  ],
  [181, { name: "POLICY_DENY", text: "Policy denied by denylist" }],
  [182, { name: "VLAN_FILTERED", text: "VLAN traffic disallowed by VLAN filter" }],
  [183, { name: "INVALID_VNI", text: "Incorrect VNI from VTEP" }],
  [184, { name: "INVALID_TC_BUFFER", text: "Failed to update or lookup TC buffer" }],
  [185, { name: "NO_SID", text: "No SID was found for the IP address" }],
  [186, { name: "MISSING_SRV6_STATE", text: "SRv6 state was removed during tail call" }],
  [187, { name: "NAT46", text: "L3 translation from IPv4 to IPv6 failed (NAT46)" }],
  [188, { name: "NAT64", text: "L3 translation from IPv6 to IPv4 failed (NAT64)" }],
  [189, { name: "AUTH_REQUIRED", text: "Authentication required" }],
  [190, { name: "CT_NO_MAP_FOUND", text: "No conntrack map found" }],
  [191, { name: "SNAT_NO_MAP_FOUND", text: "No nat map found" }],
  [192, { name: "INVALID_CLUSTER_ID", text: "Invalid ClusterID" }],
  [
    193,
    {
      name: "UNSUPPORTED_PROTOCOL_FOR_DSR_ENCAP",
      text: "Unsupported packet protocol for DSR encapsulation",
    },
  ],
  [194, { name: "NO_EGRESS_GATEWAY", text: "No egress gateway found" }],
  [195, { name: "UNENCRYPTED_TRAFFIC", text: "Traffic is unencrypted" }],
  [196, { name: "TTL_EXCEEDED", text: "TTL exceeded" }],
  [197, { name: "NO_NODE_ID", text: "No node ID found" }],
  [198, { name: "DROP_RATE_LIMITED", text: "Rate limited" }],
  [199, { name: "IGMP_HANDLED", text: "IGMP handled" }],
  [200, { name: "IGMP_SUBSCRIBED", text: "IGMP subscribed" }],
  [201, { name: "MULTICAST_HANDLED", text: "Multicast handled" }],
  [202, { name: "DROP_HOST_NOT_READY", text: "Host datapath not ready" }],
  [203, { name: "DROP_EP_NOT_READY", text: "Endpoint policy program not available" }],
  [204, { name: "DROP_NO_EGRESS_IP", text: "No Egress IP configured" }],
  [205, { name: "DROP_PUNT_PROXY", text: "Punt to proxy" }],
]);

/** Of a number that nobody knows, what Cilium's tools say: the number and the extended error. */
export function reasonText(reason: number): string {
  return reasonTexts.get(reason)?.text ?? `${reason}, 0`;
}
