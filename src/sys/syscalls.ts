/**
 * The system calls that Node does not have. Each answers what the kernel does, and -errno where
 * that is an error: `checkSyscall` makes an exception of it. Buffers are used in place and must
 * not be touched before an `…Async` form has answered.
 */
export interface Syscalls {
  bpf(command: number, attributes: Uint8Array): number;
  /** On another thread: for what waits for RCU or a device. */
  bpfAsync(command: number, attributes: Uint8Array): Promise<number>;

  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): number;
  connect(fd: number, address: Uint8Array): number;
  listen(fd: number, backlog: number): number;
  /** Answers the descriptor of a connection; `flags` are those of its socket. */
  accept(fd: number, flags: number): number;
  /** Writes the address into `address`; answers its length. */
  getsockname(fd: number, address: Uint8Array): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  /** Writes the value into `value`; answers its length. */
  getsockopt(fd: number, level: number, option: number, value: Uint8Array): number;
  send(fd: number, bytes: Uint8Array, flags: number): number;
  sendAsync(fd: number, bytes: Uint8Array, flags: number): Promise<number>;
  recv(fd: number, bytes: Uint8Array, flags: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;

  /** Moves the calling thread into a namespace. Never on the main thread: see withNamespace. */
  setns(fd: number, type: number): number;
  unshare(flags: number): number;
  mount(source: string, target: string, type: string, flags: number, data: string): number;
  umount(target: string, flags: number): number;

  /** Bytes of a page of memory: 4096 nearly everywhere. */
  pageSize(): number;
  mmap(fd: number, options: MapMemoryOptions): Mapping;
  /** Where the bytes are. They stay there as long as the buffer lives. */
  addressOf(bytes: Uint8Array): bigint;
  /** Calls back whenever the descriptor can be read, until it is disposed of. */
  watchReadable(fd: number, callback: () => void): Disposable;
}

export interface MapMemoryOptions {
  length: number;
  offset: number;
  isWritable: boolean;
}

/**
 * Memory shared with the kernel. `bytes` must not be touched after the mapping is disposed of:
 * that would end the process.
 */
export interface Mapping extends Disposable {
  readonly bytes: Uint8Array<ArrayBuffer>;
}
