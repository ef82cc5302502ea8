import { once } from "node:events";
import type { Server } from "node:http";
import type { ListenSettings } from "./environment.js";
import { exitCodes, exitWith } from "./exit-codes.js";

/** Listens, and says on stdout where; ends the program when that is impossible. */
export async function listen(server: Server, { host, port }: ListenSettings): Promise<void> {
  // The controller keeps its connections; a server that closes them first makes it see resets.
  server.keepAliveTimeout = 120_000;
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    exitWith(
      exitCodes.cannotListen,
      `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const address = server.address();
  if (address !== null && typeof address === "object") process.stdout.write(`listening on ${host}:${address.port}\n`);
}
