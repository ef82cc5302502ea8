import { basename } from "node:path";
import { z } from "zod";
import { hubToken } from "../shared/hub.js";
import type { Backend, EngineInfo, LaunchNeeds, Readiness } from "../../../ports/backend.js";
import type { Unit } from "../../../ports/runtime.js";
import { ask, askJson } from "../../wire/shared/http.js";
import { gpusInside } from "../shared/gpus-inside.js";
import { serverArguments } from "./arguments.js";

/** `llama-server` as it is, driven over its OpenAI API. */
export const llamaServer: Pick<Backend, "unit" | "target" | "readiness" | "handshake"> = {
  unit: (needs) => {
    const { path, id } = needs.config.model;
    const target = path === undefined ? undefined : `/models/${basename(path)}`;
    const { container } = needs.config;
    return {
      role: "backend",
      image: needs.config.image ?? "lem/llamacpp:dev",
      command: serverArguments(needs, target === undefined ? ["--hf-repo", id] : ["--model", target]),
      env: { CUDA_DEVICE_ORDER: "PCI_BUS_ID" },
      secretEnv: { LLAMA_API_KEY: needs.token, ...hubToken() },
      mounts: path === undefined || target === undefined ? [] : [{ source: path, target, readOnly: true }],
      gpus: needs.gpus,
      gpuDriver: container.gpu_driver,
      port: 8080,
      shmBytes: container.shm_bytes,
      ...(container.memory_bytes === undefined ? {} : { memoryBytes: container.memory_bytes }),
      stopGraceMs: 10_000,
    };
  },
  // Its own names for "exactly so many tokens" and "no reuse of earlier prompts"; timings give the tokens of each chunk.
  target: (unit, needs) => ({
    baseUrl: unit.baseUrl,
    token: needs.token,
    requestFields: { ignore_eos: true, cache_prompt: false, timings_per_token: true },
    connectionPerRequest: true,
  }),
  readiness,
  handshake,
};

async function readiness(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<Readiness> {
  // Only to have the answer for the handshake, which is where a failure is told.
  gpusInside(unit, needs, signal).catch(() => undefined);
  try {
    const answer = await ask({ baseUrl: unit.baseUrl, token: needs.token }, "/health", { signal });
    await answer.text();
    return { status: answer.status === 200 ? "ready" : "starting" };
  } catch {
    signal.throwIfAborted();
    return { status: "starting" };
  }
}

/** GET /props and /v1/models of llama.cpp's server, as far as they are needed. Foreign answers may hold more. */
const Props = z.looseObject({
  total_slots: z.int(),
  model_path: z.string(),
  build_info: z.string(),
  default_generation_settings: z.looseObject({ n_ctx: z.int() }),
});
const Models = z.looseObject({
  data: z
    .array(z.looseObject({ meta: z.looseObject({ n_vocab: z.int(), n_params: z.number(), size: z.number() }) }))
    .min(1),
});

async function handshake(unit: Unit, needs: LaunchNeeds, signal: AbortSignal): Promise<EngineInfo> {
  const endpoint = { baseUrl: unit.baseUrl, token: needs.token };
  const [props, models, gpus] = await Promise.all([
    askJson(endpoint, "/props", Props, signal),
    askJson(endpoint, "/v1/models", Models, signal),
    gpusInside(unit, needs, signal),
  ]);
  const [model] = models.data;
  return {
    engine: { name: "llama.cpp", version: props.build_info },
    simulated: false,
    gpus,
    vocabulary_tokens: model?.meta.n_vocab ?? 1,
    effective: {
      slots: props.total_slots,
      context_tokens: props.default_generation_settings.n_ctx,
      model_file: basename(props.model_path),
      model_parameters: model?.meta.n_params,
      model_bytes: model?.meta.size,
      command_line: serverArguments(needs, []),
    },
    packages: { "llama.cpp": props.build_info },
  };
}
