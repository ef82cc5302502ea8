import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createApp, type Phase } from "./app.js";
import { readConfig, type WorkerConfig } from "./config.js";
import type { Engine } from "./engine.js";
import { readListenSettings } from "./environment.js";
import { exitCodes, exitWith } from "./exit-codes.js";
import { listen } from "./listen.js";
import { Runs } from "./runs.js";
import { endOnRequest } from "./shutdown.js";

/** Loads the engine; rejects with an error whose message is one clear line. */
export type LoadEngine = (config: WorkerConfig, signal: AbortSignal) => Promise<Engine>;

/** How long a failed load stays visible in GET /v1/health before the program ends. */
const failureLingerMs = 400;
/** Of the second in which a worker has to be gone, the part that is left to the run and the engine. */
const closeGraceMs = 700;

/** A worker's whole life: listens first, so that its state can be seen, then loads, then serves until it is ended. */
export async function serve(load: LoadEngine): Promise<void> {
  const environment = readListenSettings(process.env);
  if (environment.status === "invalid") return exitWith(exitCodes.badEnvironment, environment.message);
  const parsed = readConfig(process.env["LEM_CONFIG"]);
  if (parsed.status === "invalid") return exitWith(exitCodes.badEnvironment, parsed.message);
  const { config } = parsed;

  let phase: Phase = { status: "starting" };
  const runs = new Runs();
  const loading = new AbortController();
  const app = createApp({ token: environment.settings.token, config, phase: () => phase, runs });
  const answer = getRequestListener(app.fetch);
  const server = createServer((request, response) => void answer(request, response));
  endOnRequest(async () => {
    loading.abort(new Error("ended while loading"));
    await runs.abort();
    await closeServer(server);
    if (phase.status === "ready") await phase.engine.close();
  }, closeGraceMs);
  await listen(server, environment.settings);

  try {
    phase = { status: "ready", engine: await load(config, loading.signal) };
  } catch (error) {
    if (loading.signal.aborted) return;
    phase = { status: "failed", message: error instanceof Error ? error.message : String(error) };
    // The reason last: that is the line that is looked at.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? "") : ""}\ncannot load: ${phase.message}\n`);
    setTimeout(() => process.exit(exitCodes.loadFailed), failureLingerMs);
  }
}

/** Lets the last lines of an aborted run go out, then cuts what is still open. */
async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cut = setTimeout(() => server.closeAllConnections(), 50);
  await closed;
  clearTimeout(cut);
}
