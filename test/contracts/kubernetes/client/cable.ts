/** A way to a server that can be cut: bytes are passed on as they are. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Cable implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isUp = true;
  #joined = 0;

  static async open({ hostname, port }: URL): Promise<Cable> {
    const cable = new Cable((socket) => connect(Number(port), hostname, () => socket.resume()));
    cable.#server.listen(0, "127.0.0.1");
    await once(cable.#server, "listening");
    return cable;
  }

  private constructor(dial: (socket: Socket) => Socket) {
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      if (this.#isUp) this.#join(socket, dial(socket));
      else socket.destroy();
    });
  }

  /** The certificate of the server is for this address too. */
  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many connections there were. */
  get joined(): number {
    return this.#joined;
  }

  get isInUse(): boolean {
    return this.#sockets.size > 0;
  }

  /** Breaks what is connected; who comes next gets through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From here on nobody gets through. */
  unplug(): void {
    this.#isUp = false;
    this.cut();
  }

  plugIn(): void {
    this.#isUp = true;
  }

  #join(near: Socket, far: Socket): void {
    this.#joined += 1;
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
