import type { LlamaModel } from "node-llama-cpp";
import { weightsType } from "./effective.js";
import type { LlamaLibrary, StartedLlama } from "./library.js";
import type { LlamaOptions } from "./options.js";

export interface ModelRequest {
  readonly file: string;
  readonly dtype: string;
  readonly gpuLayers: LlamaOptions["gpuLayers"];
  readonly signal: AbortSignal;
}

/** Loads the weights; rejects with one clear line that names the file. */
export async function loadModel(
  { llama, explain }: StartedLlama,
  library: LlamaLibrary,
  { file, dtype, gpuLayers, signal }: ModelRequest,
): Promise<LlamaModel> {
  const loading = llama.loadModel({
    modelPath: file,
    gpuLayers: llama.gpu === false ? 0 : gpuLayers,
    loadSignal: signal,
  });
  const model = await explain(loading, `${file}: `);
  checkDtype(dtype, weightsType(library, model));
  return model;
}

const dtypeOfWeights: Readonly<Record<string, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/** A GGUF file fixes the type of its weights; asking for another one would measure something else than asked for. */
function checkDtype(dtype: string, weights: string): void {
  if (dtype === "auto" || dtypeOfWeights[weights] === dtype) return;
  throw new Error(`dtype ${dtype} was asked for, but the weights of the GGUF file are ${weights}; use dtype auto`);
}
