import { type ByteReader, type ByteWriter, DecodeError, IpAddress, MacAddress } from "#base";
import { putIpv4, putMac, takeIpv4, takeMac } from "./address.ts";
import { ArpOperation, EtherType } from "./constants.ts";
import { type Draft, needBytes } from "./draft.ts";

/** ARP between Ethernet and IPv4 addresses: no other is in use. */
export interface Arp {
  readonly kind: "arp";
  /** One of ArpOperation, or another of the few that exist. */
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderIp: IpAddress;
  readonly targetMac: MacAddress;
  readonly targetIp: IpAddress;
}

const ARP_BYTES = 28;
const ETHERNET = 1;
const MAC_BYTES = 6;
const IPV4_BYTES = 4;

const NO_MAC = MacAddress.fromBytes(new Uint8Array(MAC_BYTES));
const NO_IP = IpAddress.v4(0);

export function readArp(reader: ByteReader): Arp {
  needBytes(reader, ARP_BYTES, "ARP");
  const offset = reader.offset;
  const isEthernet = reader.u16be() === ETHERNET;
  const isIpv4 = reader.u16be() === EtherType.ipv4;
  const haveUsualLength = reader.u8() === MAC_BYTES && reader.u8() === IPV4_BYTES;
  if (!isEthernet || !isIpv4 || !haveUsualLength) {
    throw new DecodeError("ARP between other addresses than Ethernet and IPv4", offset);
  }
  return {
    kind: "arp",
    operation: reader.u16be(),
    senderMac: takeMac(reader),
    senderIp: takeIpv4(reader),
    targetMac: takeMac(reader),
    targetIp: takeIpv4(reader),
  };
}

export function writeArp(writer: ByteWriter, draft: Draft<Arp>): void {
  writer.u16be(ETHERNET).u16be(EtherType.ipv4).u8(MAC_BYTES).u8(IPV4_BYTES);
  writer.u16be(draft.operation ?? ArpOperation.request);
  putMac(writer, draft.senderMac ?? NO_MAC);
  putIpv4(writer, draft.senderIp ?? NO_IP);
  putMac(writer, draft.targetMac ?? NO_MAC);
  putIpv4(writer, draft.targetIp ?? NO_IP);
}
