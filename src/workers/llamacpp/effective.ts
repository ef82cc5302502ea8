import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import type { LlamaLibrary } from "./library.js";

interface Loaded {
  readonly library: LlamaLibrary;
  readonly llama: Llama;
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly file: string;
  readonly flashAttentionUsed: boolean | "unknown";
}

/** The configuration that llama.cpp really uses, read back from its objects. */
export function effectiveConfig({
  library,
  llama,
  model,
  context,
  file,
  flashAttentionUsed,
}: Loaded): Record<string, unknown> {
  return {
    threads: context.currentThreads,
    cores: availableParallelism(),
    sequences: context.totalSequences,
    context_tokens: context.contextSize,
    context_allocated_tokens: context.getAllocatedContextSize(),
    batch_size: context.batchSize,
    flash_attention: flashAttentionUsed === "unknown" ? "unknown" : flashAttentionUsed ? "on" : "off",
    kv_cache_dtype: [...new Set([context.kvCacheKeyType, context.kvCacheValueType])]
      .map((type) => library.GgmlType[type].toLowerCase())
      .join("/"),
    gpu: llama.gpu,
    gpu_layers: model.gpuLayers,
    // The name alone: results are published, and the folder is nobody's business.
    model_file: basename(file),
    model_name: model.fileInfo.metadata.general.name ?? null,
    model_architecture: model.architecture,
    model_bytes: model.size,
    weights: weightsType(library, model),
    mmap: model.useMmap,
    cpu_features: llama.systemInfo.trim(),
  };
}

/** Main type of the weights as GGUF names it: `Q8_0`, `F16`, `Q4_K_M` … */
export function weightsType(library: LlamaLibrary, model: LlamaModel): string {
  const type = model.fileInfo.metadata.general.file_type;
  if (type === undefined) return "unknown";
  return (library.GgufFileType[type] ?? "unknown").replace(/^(MOSTLY|ALL)_/, "");
}
