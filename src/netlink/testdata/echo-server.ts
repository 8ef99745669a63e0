import { createServer } from "node:http";
import { networkInterfaces } from "node:os";

/** Serves HTTP on a port of its choice, in the namespace of its thread; answers both. */
export default async function serve(greeting: string): Promise<{ port: number; names: string[] }> {
  const server = createServer((_request, response) => response.end(greeting));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { port: address.port, names: Object.keys(networkInterfaces()) };
}
