import { monotonicNs } from "../server/clock.js";
import type { LlamaContext } from "node-llama-cpp";
import { runClosedLoop } from "../../domain/closed-loop.js";
import type { WorkerConfig } from "../server/config.js";
import type { Engine, EngineInfo } from "../server/engine.js";
import { visibleGpus } from "../server/visible-gpus.js";
import { Contexts } from "./contexts.js";
import { effectiveConfig } from "./effective.js";
import { llamaGenerate } from "./generate.js";
import { importLibrary, startLlama } from "./library.js";
import { findModelFile } from "./model-file.js";
import { loadModel } from "./model.js";
import { resolveOptions, type LlamaOptions } from "./options.js";

/** Loads a GGUF file into llama.cpp inside this process. */
export async function loadLlamacpp(config: WorkerConfig, signal: AbortSignal): Promise<Engine> {
  const file = await findModelFile(config.model);
  const gpus = await visibleGpus(process.env);
  const options = resolveOptions(config, gpus.length > 0);
  const library = await importLibrary();
  const started = await startLlama(library, options.gpuLayers !== 0);
  const { llama } = started;
  if (llama.gpu === false && config.params["gpu_layers"] !== undefined && options.gpuLayers !== 0) {
    throw new Error("llamacpp.gpu_layers asks for a GPU, but no llama.cpp binary with GPU support works here");
  }
  const model = await loadModel(started, library, { file, dtype: config.dtype, gpuLayers: options.gpuLayers, signal });
  const create = async (): Promise<LlamaContext> => model.createContext(contextOptions(options));
  const context = await started.explain(create());
  // Its log comes through the event loop; after loading only what is wrong is of interest.
  await new Promise((resolve) => setTimeout(resolve, 20));
  llama.logLevel = library.LlamaLogLevel.warn;

  const flashAttentionUsed = started.flashAttentionUsed();
  const info: EngineInfo = {
    engine: { name: "llama.cpp", version: llama.llamaCppRelease.release },
    simulated: false,
    gpus,
    vocabulary_tokens: model.fileInfo.metadata.tokenizer.ggml.tokens.length,
    effective: effectiveConfig({ library, llama, model, context, file, flashAttentionUsed }),
    packages: {
      "llama.cpp": llama.llamaCppRelease.release,
      "node-llama-cpp": await library.getModuleVersion(),
      node: process.versions.node,
    },
  };
  return { info: () => info, run: runOn(new Contexts(context, create)), close: () => llama.dispose() };
}

function runOn(contexts: Contexts): Engine["run"] {
  return async (request, emit, signal) => {
    const pool = await contexts.pool();
    signal.throwIfAborted();
    const renew = (): void => contexts.renew();
    signal.addEventListener("abort", renew, { once: true });
    try {
      await runClosedLoop(request, { generate: llamaGenerate(pool), emit, now: monotonicNs, signal });
    } finally {
      signal.removeEventListener("abort", renew);
      if (signal.aborted) await contexts.pool().catch(() => {}); // only then can the next run start
    }
  };
}

function contextOptions(options: LlamaOptions): NonNullable<Parameters<LlamaContext["model"]["createContext"]>[0]> {
  return {
    sequences: options.sequences,
    contextSize: options.contextTokens,
    batchSize: options.batchSize,
    threads: options.threads,
    flashAttention: options.flashAttention,
    experimentalKvCacheKeyType: options.kvType,
    experimentalKvCacheValueType: options.kvType,
    failedCreationRemedy: false, // never a smaller context than asked for
  };
}
