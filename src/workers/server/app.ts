import { Hono, type Context } from "hono";
import { RunRequest, wireProtocol, type Health, type WireError, type WorkerInfo } from "../../schema/wire.js";
import { refusal } from "./admission.js";
import { bearerCheck } from "./bearer.js";
import { readClock } from "./clock.js";
import { describeIssues, type WorkerConfig } from "./config.js";
import type { Engine } from "./engine.js";
import { streamLog } from "./ndjson.js";
import type { Runs } from "./runs.js";
import { programVersion } from "./version.js";

/** Where the worker stands between its start and its end. */
export type Phase =
  | { readonly status: "starting" }
  | { readonly status: "ready"; readonly engine: Engine }
  | { readonly status: "failed"; readonly message: string };

export interface AppOptions {
  readonly token: string;
  readonly config: WorkerConfig;
  readonly phase: () => Phase;
  readonly runs: Runs;
}

type ErrorStatus = 401 | 404 | 409 | 422 | 500 | 503;

const refuse = (c: Context, status: ErrorStatus, error: WireError): Response => c.json(error, status);

/** The worker's side of the wire protocol. */
export function createApp({ token, config, phase, runs }: AppOptions): Hono {
  const app = new Hono();
  const allowed = bearerCheck(token);
  const version = programVersion();
  const notReady: WireError = { code: "not_ready", message: "the engine is not loaded (GET /v1/health tells more)" };

  app.use(async (c, next) => {
    if (allowed(c.req.header("authorization"))) return next();
    return refuse(c, 401, { code: "unauthorized", message: "this needs the launch's bearer token" });
  });
  app.notFound((c) => refuse(c, 404, { code: "not_found", message: `there is no ${c.req.method} ${c.req.path}` }));
  app.onError((error, c) => refuse(c, 500, { code: "internal", message: error.message }));

  app.get("/v1/health", (c) => {
    const now = phase();
    const health: Health =
      now.status === "failed" ? { status: "failed", message: now.message } : { status: now.status };
    return c.json(health, now.status === "ready" ? 200 : 503);
  });
  app.get("/v1/clock", (c) => c.json(readClock()));
  app.get("/v1/info", (c) => {
    const now = phase();
    if (now.status !== "ready") return refuse(c, 503, notReady);
    const info: WorkerInfo = {
      protocol: wireProtocol,
      version,
      pid: process.pid,
      role: "worker",
      ...now.engine.info(),
    };
    return c.json(info);
  });

  app.post("/v1/runs", async (c) => {
    const now = phase();
    if (now.status !== "ready") return refuse(c, 503, notReady);
    const parsed = RunRequest.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success) return refuse(c, 422, invalid(describeIssues(parsed.error.issues)));
    const reason = refusal(parsed.data, config, now.engine.info());
    if (reason !== undefined) return refuse(c, 422, invalid(reason));
    const started = runs.start(now.engine, parsed.data);
    if (started.status === "started") return streamLog(started.log, 0);
    return refuse(c, 409, { code: "busy", message: `run ${started.runId} is going` });
  });
  app.get("/v1/runs/:id/events", (c) => {
    const cursor = c.req.query("cursor") ?? "0";
    if (!/^\d{1,15}$/.test(cursor)) return refuse(c, 422, invalid(`cursor is not a sequence number: ${cursor}`));
    const log = runs.find(c.req.param("id"));
    if (log === undefined) return refuse(c, 404, { code: "unknown_run", message: "only the last run is kept" });
    return streamLog(log, Number(cursor));
  });
  app.post("/v1/stop", async (c) => {
    await runs.abort();
    return c.json({});
  });
  return app;
}

const invalid = (message: string): WireError => ({ code: "invalid_request", message });
