/** The parts of instructions that references need; the kernel is who understands the rest. */

export const INSTRUCTION_BYTES = 8;

/** Takes two instructions: the halves of 64 bits. */
export const LOAD_IMM64 = 0x18;
export const CALL = 0x85;

/** Instructions in place: writes go to the bytes given. */
export class Instructions {
  readonly #view: DataView;
  readonly count: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.count = bytes.length / INSTRUCTION_BYTES;
  }

  opcode(index: number): number {
    return this.#view.getUint8(index * INSTRUCTION_BYTES);
  }

  /** What the number means, of LDIMM64 and CALL: see `Pseudo`. */
  sourceRegister(index: number): number {
    return this.#view.getUint8(index * INSTRUCTION_BYTES + 1) >> 4;
  }

  setSourceRegister(index: number, register: number): void {
    const at = index * INSTRUCTION_BYTES + 1;
    this.#view.setUint8(at, (this.#view.getUint8(at) & 0x0f) | (register << 4));
  }

  immediate(index: number): number {
    return this.#view.getInt32(index * INSTRUCTION_BYTES + 4, true);
  }

  setImmediate(index: number, value: number): void {
    this.#view.setInt32(index * INSTRUCTION_BYTES + 4, value, true);
  }
}
