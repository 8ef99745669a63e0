/** The kernel pads records of ring buffers, and each CPU's value of a per-CPU map, to eight bytes. */
export function roundUp8(bytes: number): number {
  return (bytes + 7) & ~7;
}
