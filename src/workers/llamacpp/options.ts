import { availableParallelism } from "node:os";
import { LlamacppParams } from "../../schema/backend/llamacpp.js";
import { describeIssues, type WorkerConfig } from "../server/config.js";

/** What is asked of llama.cpp, with every default resolved. */
export interface LlamaOptions {
  readonly threads: number;
  readonly batchSize: number;
  /** Per sequence. */
  readonly contextTokens: number;
  readonly sequences: number;
  readonly flashAttention: "auto" | boolean;
  readonly kvType: "F16" | "F32" | "Q8_0";
  readonly gpuLayers: number | "max";
}

/** Room beyond input and output: llama.cpp shifts the context when its last cell would be taken. */
const spareTokens = 16;

const kvTypes = { f16: "F16", f32: "F32", q8_0: "Q8_0" } as const;

/** Resolves the parameters; throws one clear line for what the embedded engine cannot do. */
export function resolveOptions(config: WorkerConfig, hasGpu: boolean): LlamaOptions {
  const parsed = LlamacppParams.safeParse(config.params);
  if (!parsed.success) throw new Error(`llamacpp: ${describeIssues(parsed.error.issues)}`);
  const params = parsed.data;
  if (Object.keys(params.extra).length > 0) {
    throw new Error(
      "llamacpp.extra holds flags of llama-server, which the embedded engine does not have (runtime process)",
    );
  }
  const contextTokens = params.context_tokens ?? config.max_tokens + spareTokens;
  if (contextTokens <= config.max_tokens) {
    throw new Error(
      `llamacpp.context_tokens ${contextTokens} is too small for requests of ${config.max_tokens} tokens`,
    );
  }
  if (params.kv_cache_dtype === "q8_0" && params.flash_attention === "off") {
    throw new Error("llamacpp.kv_cache_dtype q8_0 needs flash attention; flash_attention is off");
  }
  const layers = params.gpu_layers ?? (hasGpu ? "all" : 0);
  return {
    // At threads = cores decode collapses: ggml spins at its barriers and Node's own thread is one more.
    threads: params.threads ?? Math.max(1, availableParallelism() - 1),
    batchSize: params.batch_size,
    contextTokens,
    sequences: config.max_concurrency,
    flashAttention: params.flash_attention === "auto" ? "auto" : params.flash_attention === "on",
    kvType: kvTypes[params.kv_cache_dtype],
    gpuLayers: layers === "all" ? "max" : layers,
  };
}
