/** WebSocket frames by hand, for a protocol whose name the usual client refuses. */
export const Sender = {
  /** One binary message; its mask is of zeros, which is one as well as any other. */
  frame(body: Buffer): Buffer {
    const head = Buffer.from([0x82, 0x80 | 127]);
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(body.length));
    return Buffer.concat([head, length, Buffer.alloc(4), body]);
  },
};

/** Takes whole messages out of what comes. */
export class Receiver {
  readonly #onMessage: (message: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);

  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      if (this.#pending.length < 2) return;
      let size = (this.#pending[1] ?? 0) & 0x7f;
      let at = 2;
      if (size === 126) {
        if (this.#pending.length < 4) return;
        size = this.#pending.readUInt16BE(2);
        at = 4;
      } else if (size === 127) {
        if (this.#pending.length < 10) return;
        size = Number(this.#pending.readBigUInt64BE(2));
        at = 10;
      }
      if (this.#pending.length < at + size) return;
      const message = this.#pending.subarray(at, at + size);
      this.#pending = this.#pending.subarray(at + size);
      this.#onMessage(message);
    }
  }
}
