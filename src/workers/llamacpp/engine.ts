import type { LlamaModel } from "node-llama-cpp";
import { runClosedLoop } from "../server/closed-loop.js";
import type { WorkerConfig } from "../server/config.js";
import type { Engine, EngineInfo } from "../server/engine.js";
import { visibleGpus } from "../server/visible-gpus.js";
import { effectiveConfig, weightsType } from "./effective.js";
import { llamaGenerate } from "./generate.js";
import { importLibrary, startLlama, type LlamaLibrary } from "./library.js";
import { findModelFile } from "./model-file.js";
import { resolveOptions } from "./options.js";
import { SequencePool } from "./sequences.js";

/** Loads a GGUF file into llama.cpp inside this process. */
export async function loadLlamacpp(config: WorkerConfig, signal: AbortSignal): Promise<Engine> {
  const file = await findModelFile(config.model);
  const gpus = await visibleGpus(process.env);
  const options = resolveOptions(config, gpus.length > 0);
  const library = await importLibrary();
  const { llama, flashAttentionUsed } = await startLlama(library, options.gpuLayers !== 0);
  if (llama.gpu === false && config.params["gpu_layers"] !== undefined && options.gpuLayers !== 0) {
    throw new Error("llamacpp.gpu_layers asks for a GPU, but no llama.cpp binary with GPU support works here");
  }
  const model = await llama.loadModel({
    modelPath: file,
    gpuLayers: llama.gpu === false ? 0 : options.gpuLayers,
    loadSignal: signal,
  });
  checkDtype(config.dtype, library, model);
  const context = await model.createContext({
    sequences: options.sequences,
    contextSize: options.contextTokens,
    batchSize: options.batchSize,
    threads: options.threads,
    flashAttention: options.flashAttention,
    experimentalKvCacheKeyType: options.kvType,
    experimentalKvCacheValueType: options.kvType,
    failedCreationRemedy: false, // never a smaller context than asked for
    createSignal: signal,
  });
  // Its log comes through the event loop; after loading only what is wrong is of interest.
  await new Promise((resolve) => setTimeout(resolve, 20));
  llama.logLevel = library.LlamaLogLevel.warn;

  const generate = llamaGenerate(new SequencePool(context));
  const effective = effectiveConfig({ library, llama, model, context, file, flashAttentionUsed: flashAttentionUsed() });
  const info: EngineInfo = {
    engine: { name: "llama.cpp", version: llama.llamaCppRelease.release },
    simulated: false,
    gpus,
    vocabulary_tokens: model.fileInfo.metadata.tokenizer.ggml.tokens.length,
    effective,
    packages: {
      "llama.cpp": llama.llamaCppRelease.release,
      "node-llama-cpp": await library.getModuleVersion(),
      node: process.versions.node,
    },
  };
  return {
    info: () => info,
    run: (request, emit, runSignal) => runClosedLoop(request, generate, emit, runSignal),
    close: () => llama.dispose(),
  };
}

const dtypeOfWeights: Readonly<Record<string, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** A GGUF file fixes the type of its weights; asking for another one would measure something else than asked for. */
function checkDtype(dtype: string, library: LlamaLibrary, model: LlamaModel): void {
  const weights = weightsType(library, model);
  if (dtype === "auto" || dtypeOfWeights[weights] === dtype) return;
  throw new Error(
    `dtype ${dtype} was asked for, but the weights of the GGUF file are ${weights}; use dtype auto or another file`,
  );
}
