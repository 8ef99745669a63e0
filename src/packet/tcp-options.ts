import { type ByteReader, type ByteWriter, unreachable } from "#base";
import { TcpOptionType } from "./constants.ts";
import { putRawOption, type RawOption, readOptionData, writeOptions } from "./option-bytes.ts";

export type TcpOption =
  | { readonly kind: "nop" }
  /** The end of options, and whatever the header has after it. */
  | { readonly kind: "end"; readonly padding: Uint8Array }
  /** The largest segment that the sender takes, in bytes of payload. */
  | { readonly kind: "mss"; readonly value: number }
  /** How far the sender's windows are to be shifted to the left. */
  | { readonly kind: "window-scale"; readonly shift: number }
  | { readonly kind: "sack-permitted" }
  | { readonly kind: "sack"; readonly blocks: readonly SackBlock[] }
  | { readonly kind: "timestamps"; readonly value: number; readonly echo: number }
  | RawOption;

/** Sequence numbers: the first byte received, and the first not received after it. */
export interface SackBlock {
  readonly left: number;
  readonly right: number;
}

const SACK_BLOCK_BYTES = 8;

/** Reads up to `end`, the offset at which the header ends. */
export function readTcpOptions(reader: ByteReader, end: number): TcpOption[] {
  const options: TcpOption[] = [];
  while (reader.offset < end) {
    const type = reader.u8();
    if (type === TcpOptionType.nop) options.push({ kind: "nop" });
    else if (type === TcpOptionType.end) {
      options.push({ kind: "end", padding: reader.bytes(end - reader.offset) });
    } else options.push(optionOf(type, readOptionData(reader, end, "TCP option")));
  }
  return options;
}

function optionOf(type: number, data: Uint8Array): TcpOption {
  switch (type) {
    case TcpOptionType.mss:
      if (data.length === 2)
        return { kind: "mss", value: ((data[0] as number) << 8) | (data[1] as number) };
      break;
    case TcpOptionType.windowScale:
      if (data.length === 1) return { kind: "window-scale", shift: data[0] as number };
      break;
    case TcpOptionType.sackPermitted:
      if (data.length === 0) return { kind: "sack-permitted" };
      break;
    case TcpOptionType.sack:
      if (data.length > 0 && data.length % SACK_BLOCK_BYTES === 0) return sackOf(data);
      break;
    case TcpOptionType.timestamps:
      if (data.length === 8) {
        return { kind: "timestamps", value: u32At(data, 0), echo: u32At(data, 4) };
      }
      break;
    default:
  }
  return { kind: "raw", type, data };
}

function sackOf(data: Uint8Array): TcpOption {
  const blocks: SackBlock[] = [];
  for (let at = 0; at < data.length; at += SACK_BLOCK_BYTES) {
    blocks.push({ left: u32At(data, at), right: u32At(data, at + 4) });
  }
  return { kind: "sack", blocks };
}

function u32At(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return high * 0x10000 + low;
}

/** Padded to a multiple of 4 with zeros, which are the end of options. */
export function encodeTcpOptions(options: readonly TcpOption[]): Uint8Array {
  return writeOptions("TCP options", (writer) => {
    for (const option of options) putOption(writer, option);
    writer.align(4);
  });
}

function putOption(writer: ByteWriter, option: TcpOption): void {
  switch (option.kind) {
    case "nop":
      writer.u8(TcpOptionType.nop);
      break;
    case "end":
      writer.u8(TcpOptionType.end).bytes(option.padding);
      break;
    case "mss":
      writer.u8(TcpOptionType.mss).u8(4).u16be(option.value);
      break;
    case "window-scale":
      writer.u8(TcpOptionType.windowScale).u8(3).u8(option.shift);
      break;
    case "sack-permitted":
      writer.u8(TcpOptionType.sackPermitted).u8(2);
      break;
    case "sack":
      writer.u8(TcpOptionType.sack).u8(2 + option.blocks.length * SACK_BLOCK_BYTES);
      for (const { left, right } of option.blocks) writer.u32be(left).u32be(right);
      break;
    case "timestamps":
      writer.u8(TcpOptionType.timestamps).u8(10).u32be(option.value).u32be(option.echo);
      break;
    case "raw":
      putRawOption(writer, option);
      break;
    default:
      unreachable(option);
  }
}
