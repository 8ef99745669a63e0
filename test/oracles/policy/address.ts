/** IPv4 as numbers; what is no IPv4 address or prefix is in nothing. */
function addressNumber(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  if (bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** Whether the address is one of the prefix's; a bare address is the prefix of itself alone. */
export function isInside(address: string, prefix: string): boolean {
  const [network = "", length = "32"] = prefix.split("/");
  const own = addressNumber(address);
  const first = addressNumber(network);
  if (own === undefined || first === undefined) return false;
  const size = 2 ** (32 - Number(length));
  return Math.floor(own / size) === Math.floor(first / size);
}

export function isPrefix(text: string): boolean {
  const [network = "", length = ""] = text.split("/");
  if (network.includes(":")) return /^[0-9a-f:]+\/\d+$/i.test(text) && Number(length) <= 128;
  return addressNumber(network) !== undefined && /^\d+$/.test(length) && Number(length) <= 32;
}
