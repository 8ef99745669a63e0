/** What a Go program says of a connection that does not come about. */
const GO_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "connect: connection timed out",
};

export function goWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return GO_WORDS[code ?? ""] ?? message;
}
