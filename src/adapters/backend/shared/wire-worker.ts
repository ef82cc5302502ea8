import type { Backend, EngineInfo, LaunchNeeds, Readiness } from "../../../ports/backend.js";
import type { Unit } from "../../../ports/runtime.js";
import { Health, WorkerInfo } from "../../../schema/wire.js";
import { z } from "zod";
import { ask, askJson } from "../../wire/shared/http.js";
import { refuseOtherProtocol } from "../../wire/shared/protocol.js";

/** What all backends have in common whose worker speaks lem's own protocol. */
export const wireWorker = {
  target: (unit, needs) => ({
    baseUrl: unit.baseUrl,
    token: needs.token,
    requestFields: {},
    connectionPerRequest: false,
  }),
  readiness,
  handshake,
} satisfies Pick<Backend, "target" | "readiness" | "handshake">;

/** What a worker loads, as it stands in the environment variable LEM_CONFIG. */
export function workerConfig(needs: LaunchNeeds, params: unknown, modelPath: string | undefined): string {
  const { path: _path, ...model } = needs.config.model;
  return JSON.stringify({
    model: modelPath === undefined ? model : { ...model, path: modelPath },
    dtype: needs.config.dtype,
    params,
    max_concurrency: needs.maxConcurrency,
    max_tokens: needs.maxTokens,
  });
}

async function readiness(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<Readiness> {
  try {
    const answer = await ask({ baseUrl: unit.baseUrl, token: needs.token }, "/v1/health", { signal });
    const health = Health.parse(JSON.parse(await answer.text()));
    return health.status === "failed"
      ? { status: "failed", message: health.message ?? "no reason given" }
      : { status: health.status };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      return { status: "failed", message: "GET /v1/health gave no health" };
    }
    return { status: "starting" }; // nobody listens yet
  }
}

async function handshake(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<EngineInfo> {
  const endpoint = { baseUrl: unit.baseUrl, token: needs.token };
  // The version first: another version may well have another info.
  const { protocol } = await askJson(endpoint, "/v1/info", z.looseObject({ protocol: z.string() }), signal);
  refuseOtherProtocol(protocol, "worker");
  const {
    role: _role,
    pid: _pid,
    version: _version,
    protocol: _protocol,
    ...info
  } = await askJson(endpoint, "/v1/info", WorkerInfo, signal);
  return info;
}
