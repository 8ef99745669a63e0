import { unreachable } from "#base";
import type { Tcp } from "./tcp.ts";
import type { TcpOption } from "./tcp-options.ts";

/** "TCP SYN seq 1 win 64240 options [mss 1460]", with `length` of payload. */
export function formatTcp(tcp: Tcp, length: number): string {
  const words = ["TCP", tcp.flags.join(",") || "no-flags", `seq ${tcp.sequence}`];
  if (tcp.flags.includes("ACK")) words.push(`ack ${tcp.acknowledgement}`);
  words.push(`win ${tcp.window}`);
  if (tcp.flags.includes("URG")) words.push(`urg ${tcp.urgentPointer}`);
  if (length > 0) words.push(`len ${length}`);
  const options = tcp.options.map(formatOption).filter((text) => text !== "");
  if (options.length > 0) words.push(`options [${options.join(", ")}]`);
  return words.join(" ");
}

/** Empty for what only fills space. */
function formatOption(option: TcpOption): string {
  switch (option.kind) {
    case "nop":
    case "end":
      return "";
    case "mss":
      return `mss ${option.value}`;
    case "window-scale":
      return `wscale ${option.shift}`;
    case "sack-permitted":
      return "sack-ok";
    case "sack":
      return `sack ${option.blocks.map(({ left, right }) => `${left}-${right}`).join(" ")}`;
    case "timestamps":
      return `ts ${option.value} ${option.echo}`;
    case "raw":
      return `option-${option.type}`;
    default:
      return unreachable(option);
  }
}
